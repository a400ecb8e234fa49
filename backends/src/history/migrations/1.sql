-- Texts that repeat are kept once.
CREATE TABLE text (number INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);

-- What is summed up for trends is a column here, so that these never look at results.
CREATE TABLE run (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    at_ms INTEGER NOT NULL,
    day INTEGER NOT NULL,
    command INTEGER NOT NULL REFERENCES text,
    job INTEGER NOT NULL REFERENCES text,
    branch INTEGER REFERENCES text,
    commit_id TEXT,
    index_commit TEXT,
    index_distance INTEGER,
    index_bytes INTEGER,
    known INTEGER NOT NULL,
    selected INTEGER NOT NULL,
    skipped INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    saved_us INTEGER NOT NULL,
    took_us INTEGER NOT NULL,
    misses INTEGER,
    fell_back INTEGER NOT NULL,
    overhead_us INTEGER NOT NULL
);

CREATE TABLE fallback (
    run INTEGER NOT NULL REFERENCES run,
    cause INTEGER NOT NULL REFERENCES text,
    n INTEGER NOT NULL,
    PRIMARY KEY (run, cause)
) WITHOUT ROWID;

CREATE TABLE overhead (
    run INTEGER NOT NULL REFERENCES run,
    what INTEGER NOT NULL REFERENCES text,
    us INTEGER NOT NULL,
    PRIMARY KEY (run, what)
) WITHOUT ROWID;

CREATE TABLE test (
    number INTEGER PRIMARY KEY,
    job INTEGER NOT NULL REFERENCES text,
    suite INTEGER NOT NULL REFERENCES text,
    name TEXT NOT NULL,
    UNIQUE (name, job, suite)
);

-- decision: 0 run, 1 would skip, 2 skip. outcome: 0 passed, 1 skipped, 2 flaky, 3 timed out, 4 failed.
CREATE TABLE result (
    run INTEGER NOT NULL REFERENCES run,
    test INTEGER NOT NULL REFERENCES test,
    decision INTEGER NOT NULL,
    outcome INTEGER,
    missed INTEGER NOT NULL,
    duration_us INTEGER NOT NULL,
    reason INTEGER REFERENCES text,
    PRIMARY KEY (run, test)
) WITHOUT ROWID;

CREATE INDEX result_by_test ON result (test);

-- Of a store: the first day of which there may be runs that were not fetched.
CREATE TABLE fetched (store TEXT PRIMARY KEY, day INTEGER NOT NULL) WITHOUT ROWID;

-- Runs before this one were forgotten. One row at most.
CREATE TABLE horizon (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL);
