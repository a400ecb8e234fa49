-- Of the tests that need not have run: how many there were, how many were run all the same, and how many of those failed.
ALTER TABLE run ADD COLUMN skippable INTEGER;
ALTER TABLE run ADD COLUMN checked INTEGER;
ALTER TABLE run ADD COLUMN refuted INTEGER;

-- What there is to say of a result.
ALTER TABLE result ADD COLUMN note INTEGER REFERENCES text;
