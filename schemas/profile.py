"""Our own terms in statements, for what xAPI and its published profiles leave unnamed.

Our imports of offline files write them and the inbound adapters read them; any other tool may
write them too.
"""

from typing import Final

ATTENDANCE_EXTENSION: Final = "urn:lrs:extension:attendance"
"""Key of `result.extensions` (or `context.extensions`): the learner's attendance at the session,
one of the texts of `schemas.events.Attendance`: `present`, `late`, `excused`, `absent`. A
statement with the verb "attended" and without it means `present`."""

SESSION_TYPE: Final = "urn:lrs:activitytype:session"
"""Type of an activity that is one dated session of a course (a class, a workshop). The course
stands in `contextActivities.parent`, or in `grouping` where there is no parent."""

PRACTICE_TYPE: Final = "urn:lrs:activitytype:practice"
"""Type of an activity that is a practical task of a course (an operation, a drill, a work task).
The course stands in `contextActivities.parent`."""
