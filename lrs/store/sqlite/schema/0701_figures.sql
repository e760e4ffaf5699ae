-- How many there are, kept with every change, so that no page counts a whole collection. `noun`
-- says of what, `key` which of them: a state, a unit's code, a month.
CREATE TABLE figure (
  noun TEXT NOT NULL,
  key TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (noun, key)
) STRICT, WITHOUT ROWID;

INSERT INTO figure SELECT 'persona', '', count(*) FROM persona WHERE merged_into IS NULL;
INSERT INTO figure SELECT 'record', CAST(generation AS TEXT), count(*) FROM record
  GROUP BY generation;
INSERT INTO figure SELECT 'achievement', state, count(*) FROM achievement GROUP BY state;
INSERT INTO figure SELECT 'verified_of_unit', unit, count(*) FROM achievement
  WHERE state = 'verified' GROUP BY unit;
INSERT INTO figure
  SELECT 'verified_in_month', substr(json_extract(CAST(body AS TEXT), '$.achieved_at'), 1, 7), count(*)
  FROM achievement WHERE state = 'verified' GROUP BY 2;
INSERT INTO figure SELECT 'claim', state, count(*) FROM claim GROUP BY state;
INSERT INTO figure SELECT 'parked', '', count(*) FROM outbox WHERE parked = 1;

CREATE TRIGGER figure_persona_in AFTER INSERT ON persona WHEN NEW.merged_into IS NULL BEGIN
  UPDATE figure SET count = count + 1 WHERE noun = 'persona' AND key = '';
END;
CREATE TRIGGER figure_persona_out AFTER DELETE ON persona WHEN OLD.merged_into IS NULL BEGIN
  UPDATE figure SET count = count - 1 WHERE noun = 'persona' AND key = '';
END;
CREATE TRIGGER figure_persona_merged AFTER UPDATE OF merged_into ON persona BEGIN
  UPDATE figure SET count = count + (NEW.merged_into IS NULL) - (OLD.merged_into IS NULL)
    WHERE noun = 'persona' AND key = '';
END;

-- Of each generation of the projection; the pages show the one that serves.
CREATE TRIGGER figure_record_in AFTER INSERT ON record BEGIN
  INSERT INTO figure VALUES ('record', CAST(NEW.generation AS TEXT), 1)
    ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER figure_record_out AFTER DELETE ON record BEGIN
  UPDATE figure SET count = count - 1
    WHERE noun = 'record' AND key = CAST(OLD.generation AS TEXT);
END;

CREATE TRIGGER figure_achievement_in AFTER INSERT ON achievement BEGIN
  INSERT INTO figure VALUES ('achievement', NEW.state, 1)
    ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER figure_achievement_out AFTER DELETE ON achievement BEGIN
  UPDATE figure SET count = count - 1 WHERE noun = 'achievement' AND key = OLD.state;
END;
CREATE TRIGGER figure_achievement_state AFTER UPDATE OF state ON achievement
WHEN OLD.state <> NEW.state BEGIN
  UPDATE figure SET count = count - 1 WHERE noun = 'achievement' AND key = OLD.state;
  INSERT INTO figure VALUES ('achievement', NEW.state, 1)
    ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER figure_verified_in AFTER INSERT ON achievement
WHEN NEW.state = 'verified' BEGIN
  INSERT INTO figure VALUES ('verified_of_unit', NEW.unit, 1)
    ON CONFLICT DO UPDATE SET count = count + 1;
  INSERT INTO figure VALUES
    ('verified_in_month', substr(json_extract(CAST(NEW.body AS TEXT), '$.achieved_at'), 1, 7), 1)
    ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER figure_verified_out AFTER DELETE ON achievement
WHEN OLD.state = 'verified' BEGIN
  UPDATE figure SET count = count - 1 WHERE noun = 'verified_of_unit' AND key = OLD.unit;
  UPDATE figure SET count = count - 1 WHERE noun = 'verified_in_month'
    AND key = substr(json_extract(CAST(OLD.body AS TEXT), '$.achieved_at'), 1, 7);
END;
CREATE TRIGGER figure_verified_before AFTER UPDATE OF state, body ON achievement
WHEN OLD.state = 'verified' BEGIN
  UPDATE figure SET count = count - 1 WHERE noun = 'verified_of_unit' AND key = OLD.unit;
  UPDATE figure SET count = count - 1 WHERE noun = 'verified_in_month'
    AND key = substr(json_extract(CAST(OLD.body AS TEXT), '$.achieved_at'), 1, 7);
END;
CREATE TRIGGER figure_verified_after AFTER UPDATE OF state, body ON achievement
WHEN NEW.state = 'verified' BEGIN
  INSERT INTO figure VALUES ('verified_of_unit', NEW.unit, 1)
    ON CONFLICT DO UPDATE SET count = count + 1;
  INSERT INTO figure VALUES
    ('verified_in_month', substr(json_extract(CAST(NEW.body AS TEXT), '$.achieved_at'), 1, 7), 1)
    ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER figure_claim_in AFTER INSERT ON claim BEGIN
  INSERT INTO figure VALUES ('claim', NEW.state, 1)
    ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER figure_claim_out AFTER DELETE ON claim BEGIN
  UPDATE figure SET count = count - 1 WHERE noun = 'claim' AND key = OLD.state;
END;
CREATE TRIGGER figure_claim_state AFTER UPDATE OF state ON claim
WHEN OLD.state <> NEW.state BEGIN
  UPDATE figure SET count = count - 1 WHERE noun = 'claim' AND key = OLD.state;
  INSERT INTO figure VALUES ('claim', NEW.state, 1)
    ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER figure_parked AFTER UPDATE OF parked ON outbox
WHEN OLD.parked <> NEW.parked BEGIN
  UPDATE figure SET count = count + NEW.parked - OLD.parked WHERE noun = 'parked' AND key = '';
END;
CREATE TRIGGER figure_parked_out AFTER DELETE ON outbox WHEN OLD.parked = 1 BEGIN
  UPDATE figure SET count = count - 1 WHERE noun = 'parked' AND key = '';
END;
