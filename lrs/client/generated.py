"""A typed client of the REST API. Made by `make client`; changes here are lost."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict, cast
from urllib.parse import quote

import requests

TIMEOUT = 30


class ApiError(Exception):
    """An answer other than success: a problem (RFC 9457)."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status}: {problem.get('detail', '')}")
        self.status = status
        self.problem = problem


Achievement = TypedDict('Achievement', {
    'achieved_at': 'str',
    'asked': 'NotRequired[bool]',
    'basis': 'NotRequired[list[str]]',
    'changed': 'str',
    'conversion': 'NotRequired[str | None]',
    'credits': 'NotRequired[float | None]',
    'evidence': 'NotRequired[dict[str, Any]]',
    'evidence_hash': 'str',
    'expired': 'bool',
    'id': 'str',
    'persona': 'str',
    'reason': 'NotRequired[str | None]',
    'renewals': 'NotRequired[list[Renewal]]',
    'score': 'NotRequired[float | None]',
    'state': 'str',
    'unit': 'str',
    'valid_until': 'NotRequired[str | None]',
    'version': 'int',
})

AchievementPage = TypedDict('AchievementPage', {
    'items': 'list[Achievement]',
    'next': 'NotRequired[str]',
})

AuditEvent = TypedDict('AuditEvent', {
    'action': 'str',
    'at': 'str',
    'detail': 'dict[str, Any]',
    'persona': 'str | None',
    'principal': 'str',
    'reason': 'str',
    'subject': 'str',
})

AuditEventPage = TypedDict('AuditEventPage', {
    'items': 'list[AuditEvent]',
    'next': 'NotRequired[str]',
})

BadgeLink = TypedDict('BadgeLink', {
    'asked_at': 'str',
    'consent_url': 'NotRequired[str]',
    'host': 'str',
    'id': 'str',
    'language': 'str',
    'persona': 'str',
    'reason': 'NotRequired[str | None]',
    'state': 'str',
})

BadgeLinkList = TypedDict('BadgeLinkList', {
    'items': 'list[BadgeLink]',
})

BatchReceipt = TypedDict('BatchReceipt', {
    'counts': 'Counts',
    'device': 'str',
    'import': 'str',
    'missing': 'list[list[int]]',
    'number': 'int',
    'refused': 'list[ImportRow]',
    'state': 'str',
})

Change = TypedDict('Change', {
    'achieved_at': 'NotRequired[str | None]',
    'change': 'str',
    'name': 'NotRequired[str | None]',
    'persona': 'str',
})

Changes = TypedDict('Changes', {
    'items': 'list[Change]',
    'looked_at': 'int',
    'next': 'NotRequired[str]',
})

Check = TypedDict('Check', {
    'check': 'str',
    'outcome': 'str',
    'statements': 'list[str]',
})

Checkpoint = TypedDict('Checkpoint', {
    'at': 'str',
    'note': 'str',
    'root': 'str',
    'size': 'int',
    'timestamped': 'bool',
})

Claim = TypedDict('Claim', {
    'achievement': 'str',
    'changed': 'str',
    'id': 'str',
    'payload': 'ClaimPayload',
    'reason': 'NotRequired[str | None]',
    'receipt': 'NotRequired[Any]',
    'receiver': 'str',
    'state': 'str',
    'withdrawal': 'NotRequired[Any]',
})

ClaimLearner = TypedDict('ClaimLearner', {
    'identifier': 'str',
    'name': 'str',
})

ClaimPage = TypedDict('ClaimPage', {
    'items': 'list[Claim]',
    'next': 'NotRequired[str]',
})

ClaimPayload = TypedDict('ClaimPayload', {
    'achieved_at': 'str',
    'evidence_hash': 'str',
    'format': 'str',
    'institution': 'str',
    'kind': 'str',
    'learner': 'ClaimLearner',
    'outer_id': 'str',
    'score': 'NotRequired[float | None]',
    'unit': 'ClaimUnit',
})

ClaimUnit = TypedDict('ClaimUnit', {
    'awarding_body': 'str',
    'code': 'str',
    'credits': 'float',
    'field': 'str',
    'hours': 'float',
    'level': 'int',
    'title': 'NotRequired[dict[str, Any]]',
    'version': 'int',
})

Client = TypedDict('Client', {
    'created': 'str',
    'id': 'str',
    'jwks': 'NotRequired[dict[str, Any] | None]',
    'jwks_uri': 'NotRequired[str | None]',
    'method': 'str',
    'name': 'str',
    'organisation': 'NotRequired[str | None]',
    'revoked': 'NotRequired[str | None]',
    'scopes': 'list[str]',
    'source': 'NotRequired[str | None]',
})

ClientChange = TypedDict('ClientChange', {
    'jwks': 'NotRequired[Any]',
    'jwks_uri': 'NotRequired[str | None]',
    'name': 'NotRequired[str]',
    'organisation': 'NotRequired[str | None]',
    'scopes': 'NotRequired[list[str]]',
    'source': 'NotRequired[str | None]',
})

ClientPage = TypedDict('ClientPage', {
    'items': 'list[Client]',
    'next': 'NotRequired[str]',
})

Column = TypedDict('Column', {
    'key': 'str',
    'titles': 'dict[str, Any]',
})

ConditionResult = TypedDict('ConditionResult', {
    'achieved_at': 'NotRequired[str | None]',
    'achievements': 'list[str]',
    'condition': 'dict[str, Any]',
    'conditions': 'list[ConditionResult]',
    'evidence': 'list[str]',
    'met': 'bool',
    'parameters': 'dict[str, Any]',
    'reason': 'str',
    'refused': 'list[Refusal]',
    'score': 'NotRequired[float | None]',
    'shares': 'list[CreditShare]',
})

Consent = TypedDict('Consent', {
    'by': 'str',
    'evidence': 'NotRequired[str]',
    'given': 'str',
    'level': 'str',
    'organisation': 'str',
    'persona': 'str',
    'until': 'NotRequired[str | None]',
    'withdrawn': 'NotRequired[str | None]',
})

ConsentPage = TypedDict('ConsentPage', {
    'items': 'list[Consent]',
    'next': 'NotRequired[str]',
})

ConversionCap = TypedDict('ConversionCap', {
    'category': 'str',
    'credits': 'float',
})

ConversionResult = TypedDict('ConversionResult', {
    'achieved_at': 'NotRequired[str | None]',
    'basis': 'list[str]',
    'credits': 'float',
    'equivalence': 'str',
    'met': 'bool',
    'reason': 'str',
    'sources': 'list[str]',
})

Correction = TypedDict('Correction', {
    'at': 'str',
    'by': 'str',
    'cells': 'dict[str, Any]',
    'reason': 'str',
})

Counts = TypedDict('Counts', {
    'duplicates': 'int',
    'known': 'int',
    'refused': 'int',
    'rows': 'int',
    'stored': 'int',
})

CourseRecord = TypedDict('CourseRecord', {
    'activities': 'int',
    'best_score': 'NotRequired[Any]',
    'completed': 'int',
    'completed_at': 'NotRequired[str | None]',
    'completion': 'NotRequired[bool | None]',
    'duration': 'float',
    'events': 'int',
    'first': 'NotRequired[str | None]',
    'id': 'str',
    'last': 'NotRequired[str | None]',
    'name': 'NotRequired[dict[str, Any] | None]',
    'parts': 'NotRequired[int | None]',
    'progress': 'NotRequired[float | None]',
    'satisfied': 'NotRequired[int | None]',
    'sessions': 'int',
    'success': 'NotRequired[bool | None]',
})

CourseRecordPage = TypedDict('CourseRecordPage', {
    'items': 'list[CourseRecord]',
    'next': 'NotRequired[str]',
})

Credential = TypedDict('Credential', {
    'achievement': 'str',
    'id': 'str',
    'issued_at': 'str',
    'language': 'str',
    'persona': 'str',
    'revoked': 'bool',
    'url': 'str',
})

CredentialList = TypedDict('CredentialList', {
    'items': 'list[Credential]',
})

CreditShare = TypedDict('CreditShare', {
    'at_least': 'float',
    'category': 'list[str]',
    'have': 'float',
    'met': 'bool',
    'route': 'list[str]',
})

Decided = TypedDict('Decided', {
    'at': 'str',
    'evidence_hash': 'str',
    'principal': 'str',
    'reason': 'str',
    'verdict': 'str',
})

Decision = TypedDict('Decision', {
    'evidence_hash': 'NotRequired[str | None]',
    'reason': 'str',
    'verdict': 'str',
})

DecisionList = TypedDict('DecisionList', {
    'items': 'list[Decided]',
})

Decisions = TypedDict('Decisions', {
    'decisions': 'list[NamedDecision]',
})

Device = TypedDict('Device', {
    'accepted': 'int',
    'by': 'str',
    'highest': 'int',
    'id': 'str',
    'jwk': 'dict[str, Any]',
    'missing': 'list[list[int]]',
    'name': 'str',
    'registered': 'str',
    'revoked': 'NotRequired[str | None]',
    'seen': 'NotRequired[str | None]',
    'source': 'str',
})

DevicePage = TypedDict('DevicePage', {
    'items': 'list[Device]',
    'next': 'NotRequired[str]',
})

DeviceRegistration = TypedDict('DeviceRegistration', {
    'jwk': 'dict[str, Any]',
    'name': 'str',
    'source': 'NotRequired[str]',
})

DeviceRevocation = TypedDict('DeviceRevocation', {
    'reason': 'str',
})

Difference = TypedDict('Difference', {
    'claim': 'str',
    'kind': 'str',
    'ours': 'NotRequired[str | None]',
    'repair': 'str',
    'theirs': 'NotRequired[str | None]',
})

DifferencePage = TypedDict('DifferencePage', {
    'items': 'list[Difference]',
    'next': 'NotRequired[str]',
})

Discard = TypedDict('Discard', {
    'reason': 'str',
})

EmployeeAchievement = TypedDict('EmployeeAchievement', {
    'achieved': 'str',
    'changed': 'str',
    'department': 'str',
    'employee': 'str',
    'expired': 'bool',
    'id': 'str',
    'name': 'NotRequired[str | None]',
    'persona': 'str',
    'score': 'NotRequired[float | None]',
    'state': 'str',
    'title': 'NotRequired[dict[str, Any]]',
    'unit': 'str',
    'valid_until': 'NotRequired[str | None]',
    'version': 'int',
})

EmployeeAchievementPage = TypedDict('EmployeeAchievementPage', {
    'items': 'list[EmployeeAchievement]',
    'next': 'NotRequired[str]',
})

EmployeeChange = TypedDict('EmployeeChange', {
    'achievement': 'NotRequired[Any]',
    'changed': 'str',
    'deleted': 'bool',
    'id': 'str',
})

EmployeeChanges = TypedDict('EmployeeChanges', {
    'cursor': 'str',
    'items': 'list[EmployeeChange]',
    'more': 'bool',
})

Employer = TypedDict('Employer', {
    'id': 'str',
    'name': 'str',
})

Employment = TypedDict('Employment', {
    'department': 'NotRequired[str]',
    'employee': 'NotRequired[str]',
    'persona': 'str',
    'roster': 'NotRequired[str]',
    'since': 'str',
    'until': 'NotRequired[str | None]',
})

EmploymentPage = TypedDict('EmploymentPage', {
    'items': 'list[Employment]',
    'next': 'NotRequired[str]',
})

Employments = TypedDict('Employments', {
    'items': 'list[Employment]',
})

Engagement = TypedDict('Engagement', {
    'auditor': 'str',
    'created': 'str',
    'created_by': 'str',
    'ended': 'str | None',
    'ends': 'str',
    'id': 'str',
    'profile': 'str',
    'purpose': 'str',
    'since': 'str',
    'units': 'list[str]',
    'until': 'str',
})

EngagementPage = TypedDict('EngagementPage', {
    'items': 'list[Engagement]',
    'next': 'NotRequired[str]',
})

Equivalence = TypedDict('Equivalence', {
    'awarding_body': 'str',
    'both_ways': 'NotRequired[bool]',
    'cap': 'NotRequired[Any]',
    'code': 'str',
    'credits': 'NotRequired[float | None]',
    'effective': 'NotRequired[Any]',
    'from': 'list[str]',
    'title': 'dict[str, Any]',
    'to': 'str',
    'version': 'int',
})

Erased = TypedDict('Erased', {
    'achievements': 'int',
    'claims': 'int',
    'documents': 'int',
    'import_rows': 'int',
    'mentions': 'int',
    'personas': 'list[str]',
    'statements': 'int',
})

Error = TypedDict('Error', {
    'code': 'NotRequired[int]',
    'errors': 'NotRequired[dict[str, Any]]',
    'message': 'NotRequired[str]',
    'status': 'NotRequired[str]',
})

Evidence = TypedDict('Evidence', {
    'statement': 'str',
})

EvidencePage = TypedDict('EvidencePage', {
    'items': 'list[Evidence]',
    'next': 'NotRequired[str]',
})

Explanation = TypedDict('Explanation', {
    'achieved_at': 'NotRequired[str | None]',
    'achievement': 'NotRequired[Any]',
    'as_of': 'str',
    'checks': 'list[Check]',
    'conversions': 'list[ConversionResult]',
    'decisions': 'list[Decided]',
    'evidence': 'list[str]',
    'expired': 'bool',
    'met': 'bool',
    'persona': 'str',
    'rule': 'ConditionResult',
    'score': 'NotRequired[float | None]',
    'text': 'list[str]',
    'unit': 'str',
    'valid_until': 'NotRequired[str | None]',
    'version': 'int',
})

Fault = TypedDict('Fault', {
    'index': 'NotRequired[int]',
    'path': 'str',
    'rule': 'str',
})

File = TypedDict('File', {
    'achievements': 'NotRequired[str]',
    'claims': 'NotRequired[str]',
    'courses': 'CourseRecordPage',
    'duration': 'float',
    'employers': 'list[Employer]',
    'persona': 'Persona',
    'records': 'LearnerRecordPage',
    'timeline': 'TimelineEventPage',
})

Header = TypedDict('Header', {
    'column': 'str | None',
    'header': 'str',
})

HeldAchievement = TypedDict('HeldAchievement', {
    'achieved_at': 'str',
    'asked': 'NotRequired[bool]',
    'basis': 'NotRequired[list[str]]',
    'conversion': 'NotRequired[str | None]',
    'credits': 'NotRequired[float | None]',
    'evidence': 'NotRequired[dict[str, Any]]',
    'evidence_hash': 'str',
    'id': 'str',
    'persona': 'str',
    'reason': 'NotRequired[str | None]',
    'renewals': 'NotRequired[list[Renewal]]',
    'score': 'NotRequired[float | None]',
    'state': 'str',
    'unit': 'str',
    'version': 'int',
})

IdentityDecision = TypedDict('IdentityDecision', {
    'reason': 'str',
})

IdentityDocument = TypedDict('IdentityDocument', {
    'number': 'str',
    'type': 'str',
})

IdentityLink = TypedDict('IdentityLink', {
    'decided_at': 'NotRequired[str | None]',
    'decided_by': 'NotRequired[str | None]',
    'decision': 'NotRequired[str | None]',
    'id': 'str',
    'identifier': 'NotRequired[str | None]',
    'kind': 'str',
    'other': 'NotRequired[str | None]',
    'persona': 'str',
    'proposed_at': 'str',
    'proposed_by': 'str',
    'reason': 'str',
    'since': 'NotRequired[str | None]',
    'state': 'str',
    'undoes': 'NotRequired[str | None]',
    'undone_at': 'NotRequired[str | None]',
})

IdentityLinkPage = TypedDict('IdentityLinkPage', {
    'items': 'list[IdentityLink]',
    'next': 'NotRequired[str]',
})

Import = TypedDict('Import', {
    'by': 'str',
    'changed': 'str',
    'counts': 'Counts',
    'created': 'str',
    'dry_run': 'bool',
    'id': 'str',
    'kind': 'str',
    'name': 'str',
    'reason': 'NotRequired[dict[str, Any] | None]',
    'result': 'NotRequired[str | None]',
    'sha256': 'str',
    'source': 'str',
    'state': 'str',
    'total': 'NotRequired[int | None]',
})

ImportForm = TypedDict('ImportForm', {
    'columns': 'NotRequired[str]',
    'course_base': 'NotRequired[str]',
    'csrf_token': 'NotRequired[str]',
    'dry_run': 'NotRequired[bool]',
    'file': 'str',
    'home_page': 'NotRequired[str]',
    'kind': 'NotRequired[str | None]',
    'roster': 'NotRequired[str]',
    'source': 'NotRequired[str]',
    'time_zone': 'NotRequired[str]',
})

ImportPage = TypedDict('ImportPage', {
    'items': 'list[Import]',
    'next': 'NotRequired[str]',
})

ImportRow = TypedDict('ImportRow', {
    'cells': 'dict[str, Any]',
    'correction': 'NotRequired[Any]',
    'duplicate_of': 'NotRequired[int | None]',
    'faults': 'list[RowFault]',
    'file': 'NotRequired[str | None]',
    'number': 'int',
    'state': 'str',
    'statements': 'list[str]',
})

ImportRowPage = TypedDict('ImportRowPage', {
    'items': 'list[ImportRow]',
    'next': 'NotRequired[str]',
})

Inclusion = TypedDict('Inclusion', {
    'entry': 'str',
    'index': 'int',
    'proof': 'list[str]',
    'root': 'str',
    'size': 'int',
})

IssuedClient = TypedDict('IssuedClient', {
    'created': 'str',
    'id': 'str',
    'jwks': 'NotRequired[dict[str, Any] | None]',
    'jwks_uri': 'NotRequired[str | None]',
    'method': 'str',
    'name': 'str',
    'organisation': 'NotRequired[str | None]',
    'revoked': 'NotRequired[str | None]',
    'scopes': 'list[str]',
    'secret': 'NotRequired[str | None]',
    'source': 'NotRequired[str | None]',
})

IssuedSource = TypedDict('IssuedSource', {
    'activities': 'list[str]',
    'compromised': 'NotRequired[str | None]',
    'created': 'str',
    'expires': 'NotRequired[str | None]',
    'home_pages': 'list[str]',
    'key': 'str',
    'name': 'str',
    'organisation': 'NotRequired[str | None]',
    'provenance': 'str',
    'revoked': 'NotRequired[str | None]',
    'scopes': 'list[str]',
    'secret': 'str',
    'secrets': 'NotRequired[list[Secret]]',
    'sets_authority': 'bool',
})

Jwks = TypedDict('Jwks', {
    'keys': 'list[dict[str, Any]]',
})

LearnerRecord = TypedDict('LearnerRecord', {
    'activity': 'str',
    'attempts': 'int',
    'best_score': 'NotRequired[Any]',
    'completed_at': 'NotRequired[str | None]',
    'completion': 'NotRequired[bool | None]',
    'course': 'NotRequired[str | None]',
    'duration': 'float',
    'events': 'int',
    'evidence': 'NotRequired[list[str]]',
    'examiners': 'NotRequired[list[str]]',
    'first': 'str',
    'last': 'str',
    'last_score': 'NotRequired[Any]',
    'name': 'NotRequired[dict[str, Any] | None]',
    'persona': 'str',
    'progress': 'NotRequired[float | None]',
    'registration': 'NotRequired[str | None]',
    'sessions': 'NotRequired[dict[str, Any]]',
    'success': 'NotRequired[bool | None]',
    'type': 'NotRequired[str | None]',
})

LearnerRecordPage = TypedDict('LearnerRecordPage', {
    'items': 'list[LearnerRecord]',
    'next': 'NotRequired[str]',
})

NamedDecision = TypedDict('NamedDecision', {
    'achievement': 'str',
    'evidence_hash': 'NotRequired[str | None]',
    'reason': 'str',
    'verdict': 'str',
})

NewBadgeLink = TypedDict('NewBadgeLink', {
    'host': 'str',
    'language': 'NotRequired[str]',
})

NewClient = TypedDict('NewClient', {
    'id': 'str',
    'jwks': 'NotRequired[Any]',
    'jwks_uri': 'NotRequired[str | None]',
    'method': 'str',
    'name': 'str',
    'organisation': 'NotRequired[str | None]',
    'scopes': 'list[str]',
    'source': 'NotRequired[str | None]',
})

NewConsent = TypedDict('NewConsent', {
    'evidence': 'str',
    'level': 'str',
    'persona': 'str',
    'until': 'NotRequired[str | None]',
})

NewConsents = TypedDict('NewConsents', {
    'items': 'list[NewConsent]',
})

NewEngagement = TypedDict('NewEngagement', {
    'auditor': 'str',
    'ends': 'str',
    'profile': 'str',
    'purpose': 'str',
    'since': 'str',
    'units': 'NotRequired[list[str]]',
    'until': 'str',
})

NewPerson = TypedDict('NewPerson', {
    'disabled': 'NotRequired[bool]',
    'display_name': 'str',
    'name': 'str',
    'organisation': 'NotRequired[str | None]',
    'persona': 'NotRequired[str | None]',
    'reason': 'NotRequired[str]',
    'roles': 'list[str]',
    'subject': 'NotRequired[str | None]',
})

NewSource = TypedDict('NewSource', {
    'activities': 'NotRequired[list[str]]',
    'expires': 'NotRequired[str | None]',
    'home_pages': 'NotRequired[list[str]]',
    'key': 'NotRequired[str]',
    'name': 'str',
    'organisation': 'NotRequired[str | None]',
    'provenance': 'str',
    'scopes': 'NotRequired[list[str]]',
    'sets_authority': 'NotRequired[bool]',
})

NewWebhook = TypedDict('NewWebhook', {
    'kinds': 'list[str]',
    'organisation': 'NotRequired[str | None]',
    'url': 'str',
})

Organisation = TypedDict('Organisation', {
    'created': 'str',
    'id': 'str',
    'kind': 'str',
    'name': 'str',
})

OrganisationChange = TypedDict('OrganisationChange', {
    'kind': 'str',
    'name': 'str',
})

OrganisationPage = TypedDict('OrganisationPage', {
    'items': 'list[Organisation]',
    'next': 'NotRequired[str]',
})

OutboxItem = TypedDict('OutboxItem', {
    'attempts': 'int',
    'destination': 'str',
    'due': 'str',
    'error': 'NotRequired[str | None]',
    'id': 'str',
    'kind': 'str',
    'parked': 'bool',
    'queued': 'str',
    'subject': 'str',
})

OutboxItemPage = TypedDict('OutboxItemPage', {
    'items': 'list[OutboxItem]',
    'next': 'NotRequired[str]',
})

Outcome = TypedDict('Outcome', {
    'achievement': 'str',
    'detail': 'str',
    'outcome': 'str',
})

Outcomes = TypedDict('Outcomes', {
    'items': 'list[Outcome]',
})

OwnConsent = TypedDict('OwnConsent', {
    'level': 'str',
    'until': 'NotRequired[str | None]',
})

OwnConsents = TypedDict('OwnConsents', {
    'items': 'list[Consent]',
})

PaginationMetadata = TypedDict('PaginationMetadata', {
    'first_page': 'NotRequired[int]',
    'last_page': 'NotRequired[int]',
    'next_page': 'NotRequired[int]',
    'page': 'NotRequired[int]',
    'previous_page': 'NotRequired[int]',
    'total': 'NotRequired[int]',
    'total_pages': 'NotRequired[int]',
})

Period = TypedDict('Period', {
    'from': 'NotRequired[str | None]',
    'until': 'NotRequired[str | None]',
})

Person = TypedDict('Person', {
    'created': 'str',
    'disabled': 'bool',
    'display_name': 'str',
    'id': 'str',
    'name': 'str',
    'organisation': 'NotRequired[str | None]',
    'persona': 'NotRequired[str | None]',
    'roles': 'list[str]',
    'subject': 'NotRequired[str | None]',
})

PersonChange = TypedDict('PersonChange', {
    'disabled': 'NotRequired[bool]',
    'display_name': 'NotRequired[str]',
    'organisation': 'NotRequired[str | None]',
    'persona': 'NotRequired[str | None]',
    'reason': 'NotRequired[str]',
    'roles': 'NotRequired[list[str]]',
    'subject': 'NotRequired[str | None]',
})

PersonPage = TypedDict('PersonPage', {
    'items': 'list[Person]',
    'next': 'NotRequired[str]',
})

PersonWithLink = TypedDict('PersonWithLink', {
    'created': 'str',
    'disabled': 'bool',
    'display_name': 'str',
    'id': 'str',
    'link': 'str',
    'name': 'str',
    'organisation': 'NotRequired[str | None]',
    'persona': 'NotRequired[str | None]',
    'roles': 'list[str]',
    'subject': 'NotRequired[str | None]',
})

Persona = TypedDict('Persona', {
    'id': 'str',
    'identifiers': 'list[str]',
    'merged_into': 'NotRequired[str | None]',
    'name': 'NotRequired[str | None]',
})

PersonaPage = TypedDict('PersonaPage', {
    'items': 'list[Persona]',
    'next': 'NotRequired[str]',
})

Plan = TypedDict('Plan', {
    'before': 'str',
    'data_class': 'str',
    'kept': 'int',
    'more': 'bool',
    'removed': 'int',
})

Policies = TypedDict('Policies', {
    'items': 'list[Policy]',
})

Policy = TypedDict('Policy', {
    'begun': 'str | None',
    'data_class': 'str',
    'days': 'int | None',
    'ended': 'str | None',
    'kept': 'int',
    'least_days': 'int',
    'removed': 'int',
})

PolicyChange = TypedDict('PolicyChange', {
    'days': 'int | None',
    'reason': 'str',
})

Preview = TypedDict('Preview', {
    'columns': 'list[Column]',
    'headers': 'list[Header]',
    'kind': 'str',
    'lacking': 'list[list[str]]',
    'row': 'int',
    'rows': 'list[list[str]]',
})

Principal = TypedDict('Principal', {
    'id': 'str',
    'name': 'str',
    'organisation': 'NotRequired[str | None]',
    'persona': 'NotRequired[str | None]',
    'roles': 'list[str]',
})

Problem = TypedDict('Problem', {
    'detail': 'str',
    'errors': 'NotRequired[list[Fault]]',
    'status': 'int',
    'title': 'str',
    'type': 'str',
})

Proof = TypedDict('Proof', {
    'proof': 'list[str]',
    'root': 'str',
    'size': 'int',
})

Proposal = TypedDict('Proposal', {
    'identifier': 'NotRequired[str]',
    'kind': 'str',
    'other': 'NotRequired[str]',
    'persona': 'NotRequired[str]',
    'reason': 'str',
    'since': 'NotRequired[str]',
    'undoes': 'NotRequired[str]',
})

QuarantinedRow = TypedDict('QuarantinedRow', {
    'by': 'str',
    'cells': 'dict[str, Any]',
    'correction': 'NotRequired[Any]',
    'duplicate_of': 'NotRequired[int | None]',
    'faults': 'list[RowFault]',
    'file': 'NotRequired[str | None]',
    'import': 'str',
    'name': 'str',
    'number': 'int',
    'state': 'str',
    'statements': 'list[str]',
})

QuarantinedRowPage = TypedDict('QuarantinedRowPage', {
    'items': 'list[QuarantinedRow]',
    'next': 'NotRequired[str]',
})

Reason = TypedDict('Reason', {
    'reason': 'str',
})

Receipt = TypedDict('Receipt', {
    'bank_id': 'str',
    'claim_hash': 'str',
    'decision': 'str',
    'issued_at': 'str',
    'issuer': 'str',
    'jws': 'str',
    'outer_id': 'str',
    'reason': 'NotRequired[str | None]',
})

Receiver = TypedDict('Receiver', {
    'adapter': 'str',
    'client_id': 'str',
    'failures': 'int',
    'institution': 'str',
    'left_alone_until': 'NotRequired[str | None]',
    'name': 'str',
    'url': 'str',
})

ReceiverPage = TypedDict('ReceiverPage', {
    'items': 'list[Receiver]',
    'next': 'NotRequired[str]',
})

RecognisedUnit = TypedDict('RecognisedUnit', {
    'code': 'str',
    'credits': 'float',
    'kind': 'str',
    'level': 'int',
    'title': 'dict[str, Any]',
})

RecognisedUnitPage = TypedDict('RecognisedUnitPage', {
    'items': 'list[RecognisedUnit]',
    'next': 'NotRequired[str]',
})

Reconciliation = TypedDict('Reconciliation', {
    'compared': 'int',
    'differences': 'int',
    'error': 'NotRequired[str | None]',
    'finished': 'str',
    'id': 'int',
    'receiver': 'str',
    'repaired': 'int',
    'started': 'str',
})

ReconciliationPage = TypedDict('ReconciliationPage', {
    'items': 'list[Reconciliation]',
    'next': 'NotRequired[str]',
})

Refusal = TypedDict('Refusal', {
    'detail': 'NotRequired[str | None]',
    'reason': 'str',
    'statement': 'str',
    'time': 'str',
})

Release = TypedDict('Release', {
    'cells': 'NotRequired[dict[str, Any]]',
    'reason': 'NotRequired[str]',
})

Renewal = TypedDict('Renewal', {
    'achieved_at': 'str',
    'evidence': 'NotRequired[dict[str, Any]]',
    'evidence_hash': 'str',
    'score': 'NotRequired[float | None]',
})

Reset = TypedDict('Reset', {
    'reason': 'NotRequired[str]',
    'second_factor': 'NotRequired[bool]',
})

Revocation = TypedDict('Revocation', {
    'compromised_since': 'NotRequired[str | None]',
    'reason': 'str',
})

Rotation = TypedDict('Rotation', {
    'overlap': 'NotRequired[int]',
})

RowFault = TypedDict('RowFault', {
    'path': 'str',
    'rule': 'dict[str, Any]',
})

Sample = TypedDict('Sample', {
    'as_of': 'int',
    'claims': 'list[str]',
    'engagement': 'str',
    'population': 'int',
    'root': 'str',
    'seed': 'str',
    'unit': 'str | None',
})

Score = TypedDict('Score', {
    'max': 'NotRequired[float | None]',
    'min': 'NotRequired[float | None]',
    'raw': 'NotRequired[float | None]',
    'scaled': 'NotRequired[float | None]',
})

Secret = TypedDict('Secret', {
    'created': 'str',
    'expires': 'NotRequired[str | None]',
    'used': 'NotRequired[str | None]',
})

SheetForm = TypedDict('SheetForm', {
    'columns': 'NotRequired[str]',
    'csrf_token': 'NotRequired[str]',
    'file': 'str',
    'kind': 'NotRequired[str | None]',
})

Source = TypedDict('Source', {
    'activities': 'list[str]',
    'compromised': 'NotRequired[str | None]',
    'created': 'str',
    'expires': 'NotRequired[str | None]',
    'home_pages': 'list[str]',
    'key': 'str',
    'name': 'str',
    'organisation': 'NotRequired[str | None]',
    'provenance': 'str',
    'revoked': 'NotRequired[str | None]',
    'scopes': 'list[str]',
    'secrets': 'NotRequired[list[Secret]]',
    'sets_authority': 'bool',
})

SourceChange = TypedDict('SourceChange', {
    'activities': 'NotRequired[list[str]]',
    'expires': 'NotRequired[str | None]',
    'home_pages': 'NotRequired[list[str]]',
    'name': 'NotRequired[str]',
    'organisation': 'NotRequired[str | None]',
    'provenance': 'NotRequired[str]',
    'scopes': 'NotRequired[list[str]]',
    'sets_authority': 'NotRequired[bool]',
})

SourcePage = TypedDict('SourcePage', {
    'items': 'list[Source]',
    'next': 'NotRequired[str]',
})

Suggestion = TypedDict('Suggestion', {
    'name': 'str',
    'organisation': 'str',
    'organisation_name': 'str',
    'other': 'str',
    'persona': 'str',
})

SuggestionPage = TypedDict('SuggestionPage', {
    'items': 'list[Suggestion]',
    'next': 'NotRequired[str]',
})

SummaryLine = TypedDict('SummaryLine', {
    'count': 'int',
    'department': 'str',
    'month': 'str',
    'state': 'str',
    'unit': 'str',
})

SummaryLinePage = TypedDict('SummaryLinePage', {
    'items': 'list[SummaryLine]',
    'next': 'NotRequired[str]',
})

TimelineEvent = TypedDict('TimelineEvent', {
    'activity': 'str',
    'activity_name': 'NotRequired[dict[str, Any] | None]',
    'course': 'NotRequired[str | None]',
    'kind': 'str',
    'provenance': 'str',
    'statement': 'str',
    'time': 'str',
})

TimelineEventPage = TypedDict('TimelineEventPage', {
    'items': 'list[TimelineEvent]',
    'next': 'NotRequired[str]',
})

Unit = TypedDict('Unit', {
    'awarding_body': 'str',
    'code': 'str',
    'credits': 'float',
    'effective': 'NotRequired[Any]',
    'field': 'str',
    'grade': 'NotRequired[str | None]',
    'hours': 'float',
    'kind': 'str',
    'level': 'int',
    'officer': 'NotRequired[bool]',
    'provenance': 'NotRequired[list[str]]',
    'route': 'NotRequired[str | None]',
    'rule': 'Any',
    'signed': 'NotRequired[bool]',
    'supersedes': 'NotRequired[list[int]]',
    'title': 'dict[str, Any]',
    'validity': 'NotRequired[int | None]',
    'version': 'int',
})

UnitPage = TypedDict('UnitPage', {
    'items': 'list[Unit]',
    'next': 'NotRequired[str]',
})

Waiting = TypedDict('Waiting', {
    'achievement': 'HeldAchievement',
    'learner': 'NotRequired[str | None]',
    'title': 'dict[str, Any]',
    'waiting_since': 'str',
})

WaitingPage = TypedDict('WaitingPage', {
    'items': 'list[Waiting]',
    'next': 'NotRequired[str]',
})

Webhook = TypedDict('Webhook', {
    'active': 'bool',
    'created': 'str',
    'id': 'str',
    'kinds': 'list[str]',
    'organisation': 'NotRequired[str | None]',
    'url': 'str',
})

WebhookPage = TypedDict('WebhookPage', {
    'items': 'list[Webhook]',
    'next': 'NotRequired[str]',
})

WebhookSecret = TypedDict('WebhookSecret', {
    'id': 'str',
    'secret': 'str',
})

Withdrawal = TypedDict('Withdrawal', {
    'reason': 'NotRequired[str]',
})


class LrsClient:
    """The API at `base` (such as https://lrs.example), by key and secret or an access token."""

    def __init__(
        self,
        base: str,
        *,
        key: str = "",
        secret: str = "",
        token: str = "",
        session: requests.Session | None = None,
    ) -> None:
        self._base = base.rstrip("/")
        self._session = session or requests.Session()
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"
        elif key:
            self._session.auth = (key, secret)

    def _send(self, method: str, path: str, query: dict[str, Any], body: Any = None) -> Any:
        answer = self._session.request(
            method,
            self._base + path,
            params={name: value for name, value in query.items() if value is not None},
            json=body,
            timeout=TIMEOUT,
        )
        kind = answer.headers.get("Content-Type", "")
        is_json = answer.content and "json" in kind and "ndjson" not in kind
        content = answer.json() if is_json else answer.content
        if answer.status_code >= 400:
            raise ApiError(answer.status_code, content if isinstance(content, dict) else {})
        return content

    def post_achievement_decisions(self, body: Decisions) -> Outcomes:
        """Decide on several achievements at once, a class for example."""
        return cast('Outcomes', self._send('POST', f'/api/v1/achievement-decisions', {}, body))

    def get_achievements(self, *, cursor: str | None = None, limit: int | None = None, persona: str | None = None) -> AchievementPage:
        """List achievements, those that changed last first, of all personas or of one."""
        return cast('AchievementPage', self._send('GET', f'/api/v1/achievements', {'cursor': cursor, 'limit': limit, 'persona': persona}))

    def post_achievements_achievement_credentials(self, achievement: str, *, language: str | None = None) -> Credential:
        """Issue the credential of a verified achievement, or return the one that stands."""
        return cast('Credential', self._send('POST', f"/api/v1/achievements/{quote(str(achievement), safe='')}/credentials", {'language': language}))

    def post_achievements_achievement_decision(self, achievement: str, body: Decision) -> Outcome:
        """Approve or refuse an achievement, or ask the learner for more, with a reason."""
        return cast('Outcome', self._send('POST', f"/api/v1/achievements/{quote(str(achievement), safe='')}/decision", {}, body))

    def get_achievements_achievement_decisions(self, achievement: str) -> DecisionList:
        """Return what officers decided on an achievement, the earliest first."""
        return cast('DecisionList', self._send('GET', f"/api/v1/achievements/{quote(str(achievement), safe='')}/decisions", {}))

    def get_audit_events(self, *, cursor: str | None = None, limit: int | None = None, persona: str | None = None, principal: str | None = None) -> AuditEventPage:
        """List events, the newest first."""
        return cast('AuditEventPage', self._send('GET', f'/api/v1/audit-events', {'cursor': cursor, 'limit': limit, 'persona': persona, 'principal': principal}))

    def get_claims(self, *, cursor: str | None = None, limit: int | None = None, persona: str | None = None) -> ClaimPage:
        """List claims, those that changed last first, of all personas or of one."""
        return cast('ClaimPage', self._send('GET', f'/api/v1/claims', {'cursor': cursor, 'limit': limit, 'persona': persona}))

    def get_claims_claim_dossier(self, claim: str, *, reason: str, engagement: str | None = None, profile: str | None = None) -> None:
        """Get the dossier of a claim; the look is an audit event with its reason."""
        self._send('GET', f"/api/v1/claims/{quote(str(claim), safe='')}/dossier", {'reason': reason, 'engagement': engagement, 'profile': profile})

    def get_clients(self, *, cursor: str | None = None, limit: int | None = None) -> ClientPage:
        """List clients in the order of their ids, revoked ones included."""
        return cast('ClientPage', self._send('GET', f'/api/v1/clients', {'cursor': cursor, 'limit': limit}))

    def post_clients(self, body: NewClient) -> IssuedClient:
        """Add a client; the answer shows its secret, where it has one, this once."""
        return cast('IssuedClient', self._send('POST', f'/api/v1/clients', {}, body))

    def get_clients_client(self, client: str) -> Client:
        """Return one client."""
        return cast('Client', self._send('GET', f"/api/v1/clients/{quote(str(client), safe='')}", {}))

    def patch_clients_client(self, client: str, body: ClientChange) -> Client:
        """Change what a client may do, or its keys; felt at its next request."""
        return cast('Client', self._send('PATCH', f"/api/v1/clients/{quote(str(client), safe='')}", {}, body))

    def post_clients_client_revoke(self, client: str) -> None:
        """Revoke a client and every token that it has; felt at its next request."""
        self._send('POST', f"/api/v1/clients/{quote(str(client), safe='')}/revoke", {})

    def post_clients_client_secret(self, client: str) -> IssuedClient:
        """Give a client another secret in the place of the one before; shown this once."""
        return cast('IssuedClient', self._send('POST', f"/api/v1/clients/{quote(str(client), safe='')}/secret", {}))

    def post_device_batches(self) -> BatchReceipt:
        """Hand in a signed batch; the same batch again changes nothing."""
        return cast('BatchReceipt', self._send('POST', f'/api/v1/device-batches', {}))

    def get_devices(self, *, cursor: str | None = None, limit: int | None = None) -> DevicePage:
        """List devices, in the order they were registered, with the batches that are missing."""
        return cast('DevicePage', self._send('GET', f'/api/v1/devices', {'cursor': cursor, 'limit': limit}))

    def post_devices(self, body: DeviceRegistration) -> Device:
        """Register a device by its public key; one that has the key already is returned."""
        return cast('Device', self._send('POST', f'/api/v1/devices', {}, body))

    def get_devices_device(self, device: str) -> Device:
        """Return one device."""
        return cast('Device', self._send('GET', f"/api/v1/devices/{quote(str(device), safe='')}", {}))

    def post_devices_device_revoke(self, device: str, body: DeviceRevocation) -> Device:
        """Revoke a device: no batch of it is taken from now on."""
        return cast('Device', self._send('POST', f"/api/v1/devices/{quote(str(device), safe='')}/revoke", {}, body))

    def get_engagements(self, *, cursor: str | None = None, limit: int | None = None) -> EngagementPage:
        """List engagements, the newest first; an auditor sees their own."""
        return cast('EngagementPage', self._send('GET', f'/api/v1/engagements', {'cursor': cursor, 'limit': limit}))

    def post_engagements(self, body: NewEngagement) -> Engagement:
        """Engage an auditor; for administrators."""
        return cast('Engagement', self._send('POST', f'/api/v1/engagements', {}, body))

    def get_engagements_engagement(self, engagement: str) -> Engagement:
        """Get an engagement in force."""
        return cast('Engagement', self._send('GET', f"/api/v1/engagements/{quote(str(engagement), safe='')}", {}))

    def post_engagements_engagement_end(self, engagement: str, body: Reason) -> Engagement:
        """End an engagement now; for administrators."""
        return cast('Engagement', self._send('POST', f"/api/v1/engagements/{quote(str(engagement), safe='')}/end", {}, body))

    def get_engagements_engagement_sample(self, engagement: str, *, size: int, seed: str, unit: str | None = None, as_of: int | None = None) -> Sample:
        """Draw a seeded sample of the claims within the scope."""
        return cast('Sample', self._send('GET', f"/api/v1/engagements/{quote(str(engagement), safe='')}/sample", {'size': size, 'seed': seed, 'unit': unit, 'as_of': as_of}))

    def get_enterprise_achievements(self, *, cursor: str | None = None, limit: int | None = None, organisation: str | None = None, unit: str | None = None, department: str | None = None, state: str | None = None, since: str | None = None, until: str | None = None) -> EmployeeAchievementPage:
        """List what may be seen now, what changed last at the end."""
        return cast('EmployeeAchievementPage', self._send('GET', f'/api/v1/enterprise/achievements', {'cursor': cursor, 'limit': limit, 'organisation': organisation, 'unit': unit, 'department': department, 'state': state, 'since': since, 'until': until}))

    def get_enterprise_achievements_changes(self, *, cursor: str | None = None, limit: int | None = None, organisation: str | None = None) -> EmployeeChanges:
        """Tell what changed since a cursor, oldest first; from the beginning without one."""
        return cast('EmployeeChanges', self._send('GET', f'/api/v1/enterprise/achievements/changes', {'cursor': cursor, 'limit': limit, 'organisation': organisation}))

    def get_enterprise_export(self, *, organisation: str | None = None, unit: str | None = None, department: str | None = None, state: str | None = None, since: str | None = None, until: str | None = None, format: str | None = None) -> bytes:
        """Export all that may be seen: NDJSON, CSV, XLSX, or (`clr`) a signed Comprehensive
Learner Record for each employee, one a line."""
        return cast('bytes', self._send('GET', f'/api/v1/enterprise/export', {'organisation': organisation, 'unit': unit, 'department': department, 'state': state, 'since': since, 'until': until, 'format': format}))

    def get_enterprise_records(self, *, persona: str, cursor: str | None = None, limit: int | None = None, organisation: str | None = None) -> LearnerRecordPage:
        """List an employee's learner records, where the consent goes so far."""
        return cast('LearnerRecordPage', self._send('GET', f'/api/v1/enterprise/records', {'cursor': cursor, 'limit': limit, 'organisation': organisation, 'persona': persona}))

    def get_enterprise_summary(self, *, cursor: str | None = None, limit: int | None = None, organisation: str | None = None, unit: str | None = None, department: str | None = None, state: str | None = None, since: str | None = None, until: str | None = None) -> SummaryLinePage:
        """Sum up by unit, department, month and state; kept up to date, not counted here."""
        return cast('SummaryLinePage', self._send('GET', f'/api/v1/enterprise/summary', {'cursor': cursor, 'limit': limit, 'organisation': organisation, 'unit': unit, 'department': department, 'state': state, 'since': since, 'until': until}))

    def get_equivalences(self) -> list[Equivalence]:
        """List every version of every equivalence."""
        return cast('list[Equivalence]', self._send('GET', f'/api/v1/equivalences', {}))

    def post_equivalences(self, body: Equivalence) -> Equivalence:
        """Publish a version of an equivalence, which never changes again."""
        return cast('Equivalence', self._send('POST', f'/api/v1/equivalences', {}, body))

    def get_identity_links(self, *, cursor: str | None = None, limit: int | None = None, state: str | None = None) -> IdentityLinkPage:
        """List merges, transfers and what undid them, those proposed last first."""
        return cast('IdentityLinkPage', self._send('GET', f'/api/v1/identity/links', {'cursor': cursor, 'limit': limit, 'state': state}))

    def post_identity_links(self, body: Proposal) -> IdentityLink:
        """Propose a merge, a transfer or to undo one; somebody else has to confirm it."""
        return cast('IdentityLink', self._send('POST', f'/api/v1/identity/links', {}, body))

    def get_identity_links_link(self, link: str) -> IdentityLink:
        """Return one link."""
        return cast('IdentityLink', self._send('GET', f"/api/v1/identity/links/{quote(str(link), safe='')}", {}))

    def post_identity_links_link_confirm(self, link: str, body: IdentityDecision) -> IdentityLink:
        """Confirm what somebody else proposed."""
        return cast('IdentityLink', self._send('POST', f"/api/v1/identity/links/{quote(str(link), safe='')}/confirm", {}, body))

    def post_identity_links_link_refuse(self, link: str, body: IdentityDecision) -> IdentityLink:
        """Refuse what somebody else proposed."""
        return cast('IdentityLink', self._send('POST', f"/api/v1/identity/links/{quote(str(link), safe='')}/refuse", {}, body))

    def get_identity_suggestions(self, *, cursor: str | None = None, limit: int | None = None) -> SuggestionPage:
        """List personas that may be one person; nothing is ever merged for it alone."""
        return cast('SuggestionPage', self._send('GET', f'/api/v1/identity/suggestions', {'cursor': cursor, 'limit': limit}))

    def get_imports(self, *, cursor: str | None = None, limit: int | None = None) -> ImportPage:
        """List imports, the newest first; a trainer sees their own."""
        return cast('ImportPage', self._send('GET', f'/api/v1/imports', {'cursor': cursor, 'limit': limit}))

    def post_imports(self) -> Import:
        """Hand a file in; it is worked off in the background, as GET /imports/{id} tells."""
        return cast('Import', self._send('POST', f'/api/v1/imports', {}))

    def post_imports_preview(self) -> Preview:
        """Tell what a sheet's headers are taken for; nothing is kept."""
        return cast('Preview', self._send('POST', f'/api/v1/imports/preview', {}))

    def get_imports_template(self, *, kind: str | None = None, language: str | None = None) -> None:
        """Return an XLSX template to fill in."""
        self._send('GET', f'/api/v1/imports/template', {'kind': kind, 'language': language})

    def get_imports_import_id(self, import_id: str) -> Import:
        """Return an import with its progress and counts."""
        return cast('Import', self._send('GET', f"/api/v1/imports/{quote(str(import_id), safe='')}", {}))

    def get_imports_import_id_rows(self, import_id: str, *, cursor: str | None = None, limit: int | None = None, state: str | None = None) -> ImportRowPage:
        """List what became of the rows, of one state or of all."""
        return cast('ImportRowPage', self._send('GET', f"/api/v1/imports/{quote(str(import_id), safe='')}/rows", {'cursor': cursor, 'limit': limit, 'state': state}))

    def get_ledger_checkpoint(self) -> Checkpoint:
        """Get the newest checkpoint."""
        return cast('Checkpoint', self._send('GET', f'/api/v1/ledger/checkpoint', {}))

    def get_ledger_consistency(self, *, end: int, start: int | None = None, size: int | None = None) -> Proof:
        """Prove that a tree begins with an earlier one, or holds a subtree."""
        return cast('Proof', self._send('GET', f'/api/v1/ledger/consistency', {'start': start, 'end': end, 'size': size}))

    def get_ledger_inclusion(self, *, index: int, size: int | None = None) -> Inclusion:
        """Prove a leaf."""
        return cast('Inclusion', self._send('GET', f'/api/v1/ledger/inclusion', {'index': index, 'size': size}))

    def get_me(self) -> Principal:
        """Return who asks, with their roles."""
        return cast('Principal', self._send('GET', f'/api/v1/me', {}))

    def get_me_consents(self) -> OwnConsents:
        """List one's own consents, withdrawn ones too."""
        return cast('OwnConsents', self._send('GET', f'/api/v1/me/consents', {}))

    def put_me_consents_organisation(self, organisation: str, body: OwnConsent) -> Consent:
        """Let an organisation see one's achievements, or one's learner records too."""
        return cast('Consent', self._send('PUT', f"/api/v1/me/consents/{quote(str(organisation), safe='')}", {}, body))

    def delete_me_consents_organisation(self, organisation: str) -> None:
        """Withdraw a consent; the organisation sees nothing more at once."""
        self._send('DELETE', f"/api/v1/me/consents/{quote(str(organisation), safe='')}", {})

    def get_officer_queue(self, *, cursor: str | None = None, limit: int | None = None, unit: str | None = None, course: str | None = None) -> WaitingPage:
        """List the achievements that wait for an officer, the longest first."""
        return cast('WaitingPage', self._send('GET', f'/api/v1/officer-queue', {'cursor': cursor, 'limit': limit, 'unit': unit, 'course': course}))

    def get_organisations(self, *, cursor: str | None = None, limit: int | None = None) -> OrganisationPage:
        """List organisations in the order of their ids."""
        return cast('OrganisationPage', self._send('GET', f'/api/v1/organisations', {'cursor': cursor, 'limit': limit}))

    def get_organisations_organisation(self, organisation: str) -> Organisation:
        """Return one organisation."""
        return cast('Organisation', self._send('GET', f"/api/v1/organisations/{quote(str(organisation), safe='')}", {}))

    def put_organisations_organisation(self, organisation: str, body: OrganisationChange) -> Organisation:
        """Add an organisation, or change the one with the id."""
        return cast('Organisation', self._send('PUT', f"/api/v1/organisations/{quote(str(organisation), safe='')}", {}, body))

    def get_organisations_organisation_consents(self, organisation: str, *, cursor: str | None = None, limit: int | None = None) -> ConsentPage:
        """List consents, withdrawn ones too, in the order of their personas."""
        return cast('ConsentPage', self._send('GET', f"/api/v1/organisations/{quote(str(organisation), safe='')}/consents", {'cursor': cursor, 'limit': limit}))

    def post_organisations_organisation_consents(self, organisation: str, body: NewConsents) -> None:
        """Record consents that were given on paper, all or none."""
        self._send('POST', f"/api/v1/organisations/{quote(str(organisation), safe='')}/consents", {}, body)

    def post_organisations_organisation_consents_persona_withdraw(self, organisation: str, persona: str, body: Withdrawal) -> None:
        """Withdraw a consent for a persona who said so; felt at once."""
        self._send('POST', f"/api/v1/organisations/{quote(str(organisation), safe='')}/consents/{quote(str(persona), safe='')}/withdraw", {}, body)

    def get_organisations_organisation_employments(self, organisation: str, *, cursor: str | None = None, limit: int | None = None) -> EmploymentPage:
        """List employments, ended ones too, in the order of their personas."""
        return cast('EmploymentPage', self._send('GET', f"/api/v1/organisations/{quote(str(organisation), safe='')}/employments", {'cursor': cursor, 'limit': limit}))

    def post_organisations_organisation_employments(self, organisation: str, body: Employments) -> None:
        """Put employments in the place of those of the same personas, all or none."""
        self._send('POST', f"/api/v1/organisations/{quote(str(organisation), safe='')}/employments", {}, body)

    def get_outbox(self, *, cursor: str | None = None, limit: int | None = None, parked: bool | None = None) -> OutboxItemPage:
        """List what has not arrived yet, the oldest first."""
        return cast('OutboxItemPage', self._send('GET', f'/api/v1/outbox', {'cursor': cursor, 'limit': limit, 'parked': parked}))

    def post_outbox_item_discard(self, item: str, body: Reason) -> None:
        """Take a parked delivery out for good; a claim in it is withdrawn and not put again."""
        self._send('POST', f"/api/v1/outbox/{quote(str(item), safe='')}/discard", {}, body)

    def post_outbox_item_retry(self, item: str, body: Reason) -> None:
        """Try a parked delivery again, with its attempts forgotten."""
        self._send('POST', f"/api/v1/outbox/{quote(str(item), safe='')}/retry", {}, body)

    def get_people(self, *, cursor: str | None = None, limit: int | None = None) -> PersonPage:
        """List people in the order of the names they sign in with."""
        return cast('PersonPage', self._send('GET', f'/api/v1/people', {'cursor': cursor, 'limit': limit}))

    def post_people(self, body: NewPerson) -> PersonWithLink:
        """Add a person; the answer has the link, this once, at which they choose a password."""
        return cast('PersonWithLink', self._send('POST', f'/api/v1/people', {}, body))

    def get_people_person(self, person: str) -> Person:
        """Return one person."""
        return cast('Person', self._send('GET', f"/api/v1/people/{quote(str(person), safe='')}", {}))

    def patch_people_person(self, person: str, body: PersonChange) -> Person:
        """Change a person; felt at their next request. Whoever is disabled is signed out."""
        return cast('Person', self._send('PATCH', f"/api/v1/people/{quote(str(person), safe='')}", {}, body))

    def post_people_person_reset(self, person: str, body: Reset) -> PersonWithLink:
        """Return a link, this once, at which the person chooses another password."""
        return cast('PersonWithLink', self._send('POST', f"/api/v1/people/{quote(str(person), safe='')}/reset", {}, body))

    def get_personas(self, *, cursor: str | None = None, limit: int | None = None, name: str | None = None, identifier: str | None = None) -> PersonaPage:
        """List personas, all, or by the beginning of the name or by an identifier."""
        return cast('PersonaPage', self._send('GET', f'/api/v1/personas', {'cursor': cursor, 'limit': limit, 'name': name, 'identifier': identifier}))

    def get_personas_persona(self, persona: str) -> Persona:
        """Return one persona."""
        return cast('Persona', self._send('GET', f"/api/v1/personas/{quote(str(persona), safe='')}", {}))

    def get_personas_persona_badge_links(self, persona: str) -> BadgeLinkList:
        """List a persona's links."""
        return cast('BadgeLinkList', self._send('GET', f"/api/v1/personas/{quote(str(persona), safe='')}/badge-links", {}))

    def post_personas_persona_badge_links(self, persona: str, body: NewBadgeLink) -> BadgeLink:
        """Ask a host; the learner then agrees at `consent_url`."""
        return cast('BadgeLink', self._send('POST', f"/api/v1/personas/{quote(str(persona), safe='')}/badge-links", {}, body))

    def delete_personas_persona_badge_links_link(self, persona: str, link: str) -> None:
        """End a link: nothing more is brought there. What is there stays the learner's."""
        self._send('DELETE', f"/api/v1/personas/{quote(str(persona), safe='')}/badge-links/{quote(str(link), safe='')}", {})

    def get_personas_persona_clr(self, persona: str, *, language: str | None = None) -> None:
        """Return a persona's verified achievements as a signed CLR 2.0 credential."""
        self._send('GET', f"/api/v1/personas/{quote(str(persona), safe='')}/clr", {'language': language})

    def get_personas_persona_courses(self, persona: str, *, cursor: str | None = None, limit: int | None = None) -> CourseRecordPage:
        """List what a persona did by course."""
        return cast('CourseRecordPage', self._send('GET', f"/api/v1/personas/{quote(str(persona), safe='')}/courses", {'cursor': cursor, 'limit': limit}))

    def get_personas_persona_credentials(self, persona: str) -> CredentialList:
        """List a persona's credentials."""
        return cast('CredentialList', self._send('GET', f"/api/v1/personas/{quote(str(persona), safe='')}/credentials", {}))

    def post_personas_persona_erasure(self, persona: str, body: Reason) -> Erased:
        """Erase a person for good; for administrators."""
        return cast('Erased', self._send('POST', f"/api/v1/personas/{quote(str(persona), safe='')}/erasure", {}, body))

    def get_personas_persona_file(self, persona: str) -> File:
        """Return a lifelong learning file: the first page of everything, and where to read on."""
        return cast('File', self._send('GET', f"/api/v1/personas/{quote(str(persona), safe='')}/file", {}))

    def put_personas_persona_identity_document(self, persona: str, body: IdentityDocument) -> None:
        """Keep a learner's identity document; look-ups that waited for it are made again."""
        self._send('PUT', f"/api/v1/personas/{quote(str(persona), safe='')}/identity-document", {}, body)

    def delete_personas_persona_identity_document(self, persona: str) -> None:
        """Forget a learner's identity document."""
        self._send('DELETE', f"/api/v1/personas/{quote(str(persona), safe='')}/identity-document", {})

    def get_personas_persona_programmes_unit(self, persona: str, unit: str) -> CourseRecord:
        """Return what a persona did in all that the rule of a unit reads, and of its own units."""
        return cast('CourseRecord', self._send('GET', f"/api/v1/personas/{quote(str(persona), safe='')}/programmes/{quote(str(unit), safe='')}", {}))

    def get_personas_persona_recognition(self, persona: str) -> None:
        """Return a persona's conversions as a recognition report (experimental: ELMO 2.0 draft)."""
        self._send('GET', f"/api/v1/personas/{quote(str(persona), safe='')}/recognition", {})

    def get_personas_persona_timeline(self, persona: str, *, cursor: str | None = None, limit: int | None = None) -> TimelineEventPage:
        """List what a persona did, the latest first."""
        return cast('TimelineEventPage', self._send('GET', f"/api/v1/personas/{quote(str(persona), safe='')}/timeline", {'cursor': cursor, 'limit': limit}))

    def get_personas_persona_transcript(self, persona: str) -> None:
        """Return a persona's verified achievements as a signed EMREX ELMO 1.7 document."""
        self._send('GET', f"/api/v1/personas/{quote(str(persona), safe='')}/transcript", {})

    def get_personas_persona_units_unit_explanation(self, persona: str, unit: str) -> Explanation:
        """Say condition by condition whether a persona meets a unit's rule, and by what."""
        return cast('Explanation', self._send('GET', f"/api/v1/personas/{quote(str(persona), safe='')}/units/{quote(str(unit), safe='')}/explanation", {}))

    def get_quarantine(self, *, cursor: str | None = None, limit: int | None = None, state: str | None = None, import_: str | None = None) -> QuarantinedRowPage:
        """List rows in quarantine, of all imports or of one; a trainer sees their own."""
        return cast('QuarantinedRowPage', self._send('GET', f'/api/v1/quarantine', {'cursor': cursor, 'limit': limit, 'state': state, 'import': import_}))

    def get_quarantine_import_id_number(self, import_id: str, number: int) -> QuarantinedRow:
        """Return a row that is or was in quarantine."""
        return cast('QuarantinedRow', self._send('GET', f"/api/v1/quarantine/{quote(str(import_id), safe='')}/{quote(str(number), safe='')}", {}))

    def post_quarantine_import_id_number_discard(self, import_id: str, number: int, body: Discard) -> ImportRow:
        """Leave the row out for good; it stays listed as discarded."""
        return cast('ImportRow', self._send('POST', f"/api/v1/quarantine/{quote(str(import_id), safe='')}/{quote(str(number), safe='')}/discard", {}, body))

    def post_quarantine_import_id_number_release(self, import_id: str, number: int, body: Release) -> ImportRow:
        """Take the row in, with the cells changed that are given."""
        return cast('ImportRow', self._send('POST', f"/api/v1/quarantine/{quote(str(import_id), safe='')}/{quote(str(number), safe='')}/release", {}, body))

    def get_receivers(self, *, cursor: str | None = None, limit: int | None = None) -> ReceiverPage:
        """List receivers by name, each with how it answered last."""
        return cast('ReceiverPage', self._send('GET', f'/api/v1/receivers', {'cursor': cursor, 'limit': limit}))

    def get_receivers_receiver_catalogue(self, receiver: str, *, cursor: str | None = None, limit: int | None = None) -> RecognisedUnitPage:
        """List the units that a receiver recognises, as it said last, by code."""
        return cast('RecognisedUnitPage', self._send('GET', f"/api/v1/receivers/{quote(str(receiver), safe='')}/catalogue", {'cursor': cursor, 'limit': limit}))

    def get_reconciliations(self, *, cursor: str | None = None, limit: int | None = None, receiver: str | None = None) -> ReconciliationPage:
        """List reconciliations, the latest first."""
        return cast('ReconciliationPage', self._send('GET', f'/api/v1/reconciliations', {'cursor': cursor, 'limit': limit, 'receiver': receiver}))

    def get_reconciliations_reconciliation_differences(self, reconciliation: int, *, cursor: str | None = None, limit: int | None = None) -> DifferencePage:
        """List the differences that a reconciliation found, and what was done about each."""
        return cast('DifferencePage', self._send('GET', f"/api/v1/reconciliations/{quote(str(reconciliation), safe='')}/differences", {'cursor': cursor, 'limit': limit}))

    def get_records(self, *, cursor: str | None = None, limit: int | None = None, persona: str | None = None, as_of: str | None = None) -> LearnerRecordPage:
        """List learner records, of all personas or of one, as they are or as of a time."""
        return cast('LearnerRecordPage', self._send('GET', f'/api/v1/records', {'cursor': cursor, 'limit': limit, 'persona': persona, 'as_of': as_of}))

    def get_records_evidence(self, *, persona: str, activity: str, cursor: str | None = None, limit: int | None = None, registration: str | None = None) -> EvidencePage:
        """List the statements that a record was made from, in the order they were stored."""
        return cast('EvidencePage', self._send('GET', f'/api/v1/records/evidence', {'cursor': cursor, 'limit': limit, 'persona': persona, 'activity': activity, 'registration': registration}))

    def get_retention(self) -> Policies:
        """List the policy of each class."""
        return cast('Policies', self._send('GET', f'/api/v1/retention', {}))

    def put_retention_data_class(self, data_class: str, body: PolicyChange) -> Policy:
        """Set a policy; the background work begins to apply it."""
        return cast('Policy', self._send('PUT', f"/api/v1/retention/{quote(str(data_class), safe='')}", {}, body))

    def get_retention_data_class_plan(self, data_class: str, *, days: int) -> Plan:
        """Say what would go if data were kept for `days`; nothing is changed."""
        return cast('Plan', self._send('GET', f"/api/v1/retention/{quote(str(data_class), safe='')}/plan", {'days': days}))

    def get_sources(self, *, cursor: str | None = None, limit: int | None = None) -> SourcePage:
        """List sources in the order of their keys, revoked ones included."""
        return cast('SourcePage', self._send('GET', f'/api/v1/sources', {'cursor': cursor, 'limit': limit}))

    def post_sources(self, body: NewSource) -> IssuedSource:
        """Add a source; the answer shows its secret, this once."""
        return cast('IssuedSource', self._send('POST', f'/api/v1/sources', {}, body))

    def get_sources_key(self, key: str) -> Source:
        """Return one source, with what is known of its secrets."""
        return cast('Source', self._send('GET', f"/api/v1/sources/{quote(str(key), safe='')}", {}))

    def patch_sources_key(self, key: str, body: SourceChange) -> Source:
        """Change what a source may do; felt by every process within a second."""
        return cast('Source', self._send('PATCH', f"/api/v1/sources/{quote(str(key), safe='')}", {}, body))

    def post_sources_key_revoke(self, key: str, body: Revocation) -> None:
        """Revoke a source; felt by every process within a second."""
        self._send('POST', f"/api/v1/sources/{quote(str(key), safe='')}/revoke", {}, body)

    def post_sources_key_rotate(self, key: str, body: Rotation) -> IssuedSource:
        """Give a source another secret, shown this once; the old ones work on for a while."""
        return cast('IssuedSource', self._send('POST', f"/api/v1/sources/{quote(str(key), safe='')}/rotate", {}, body))

    def get_unit_drafts(self, *, cursor: str | None = None, limit: int | None = None) -> UnitPage:
        """List the drafts, by code and version."""
        return cast('UnitPage', self._send('GET', f'/api/v1/unit-drafts', {'cursor': cursor, 'limit': limit}))

    def get_unit_drafts_code_version(self, code: str, version: int) -> Unit:
        """Return one draft."""
        return cast('Unit', self._send('GET', f"/api/v1/unit-drafts/{quote(str(code), safe='')}/{quote(str(version), safe='')}", {}))

    def put_unit_drafts_code_version(self, code: str, version: int, body: Unit) -> Unit:
        """Keep a draft; until it is published it may change."""
        return cast('Unit', self._send('PUT', f"/api/v1/unit-drafts/{quote(str(code), safe='')}/{quote(str(version), safe='')}", {}, body))

    def delete_unit_drafts_code_version(self, code: str, version: int) -> None:
        """Drop a draft."""
        self._send('DELETE', f"/api/v1/unit-drafts/{quote(str(code), safe='')}/{quote(str(version), safe='')}", {})

    def post_unit_drafts_code_version_publication(self, code: str, version: int) -> Unit:
        """Publish a draft as it is."""
        return cast('Unit', self._send('POST', f"/api/v1/unit-drafts/{quote(str(code), safe='')}/{quote(str(version), safe='')}/publication", {}))

    def get_units(self, *, cursor: str | None = None, limit: int | None = None) -> UnitPage:
        """List the published versions of units, by code and version."""
        return cast('UnitPage', self._send('GET', f'/api/v1/units', {'cursor': cursor, 'limit': limit}))

    def post_units(self, body: Unit) -> Unit:
        """Publish a version, which never changes again. The same content may be sent again."""
        return cast('Unit', self._send('POST', f'/api/v1/units', {}, body))

    def post_units_what_if(self, body: Unit, *, cursor: str | None = None, limit: int | None = None) -> Changes:
        """List who would gain or lose the unit if this version were its rule; nothing changes."""
        return cast('Changes', self._send('POST', f'/api/v1/units/what-if', {'cursor': cursor, 'limit': limit}, body))

    def get_units_code_versions_version(self, code: str, version: int) -> Unit:
        """Return one published version."""
        return cast('Unit', self._send('GET', f"/api/v1/units/{quote(str(code), safe='')}/versions/{quote(str(version), safe='')}", {}))

    def get_webhooks(self, *, cursor: str | None = None, limit: int | None = None, organisation: str | None = None) -> WebhookPage:
        """List subscriptions."""
        return cast('WebhookPage', self._send('GET', f'/api/v1/webhooks', {'cursor': cursor, 'limit': limit, 'organisation': organisation}))

    def post_webhooks(self, body: NewWebhook) -> WebhookSecret:
        """Subscribe to facts from now on; the secret is shown this once."""
        return cast('WebhookSecret', self._send('POST', f'/api/v1/webhooks', {}, body))

    def get_webhooks_webhook(self, webhook: str) -> Webhook:
        """Get a subscription."""
        return cast('Webhook', self._send('GET', f"/api/v1/webhooks/{quote(str(webhook), safe='')}", {}))

    def delete_webhooks_webhook(self, webhook: str) -> None:
        """End a subscription; what it was still to be told is forgotten."""
        self._send('DELETE', f"/api/v1/webhooks/{quote(str(webhook), safe='')}", {})

    def post_webhooks_webhook_secret(self, webhook: str) -> WebhookSecret:
        """Make a new secret; for a day what is sent is signed with the one before, too."""
        return cast('WebhookSecret', self._send('POST', f"/api/v1/webhooks/{quote(str(webhook), safe='')}/secret", {}))
