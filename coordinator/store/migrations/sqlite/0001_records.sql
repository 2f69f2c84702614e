-- Builds, the queue, agents, the outbox. Ids are text, times integer milliseconds, documents JSON.

-- One row for each build. The document is the whole build but for its number; columns are what queries need.
CREATE TABLE build (
    sequence     INTEGER PRIMARY KEY AUTOINCREMENT,  -- order of submission
    id           TEXT NOT NULL UNIQUE,               -- <project>:<uuid>
    uuid         TEXT NOT NULL UNIQUE,
    project      TEXT NOT NULL,
    number       INTEGER NOT NULL,                   -- in the project, from 1, without gaps
    state        TEXT NOT NULL,
    agent        TEXT,
    submitted_at INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    document     TEXT NOT NULL,
    UNIQUE (project, number)
) STRICT;

CREATE INDEX build_by_project ON build (project, sequence);
CREATE INDEX build_active ON build (sequence) WHERE state IN ('leased', 'running', 'stopping');

-- The last number given in each project.
CREATE TABLE numbering (
    project TEXT PRIMARY KEY,
    last    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row for each build that waits, and no other.
CREATE TABLE queue (
    sequence     INTEGER PRIMARY KEY REFERENCES build (sequence),
    id           TEXT NOT NULL,
    priority     INTEGER NOT NULL,
    since        INTEGER NOT NULL,
    deadline     INTEGER NOT NULL,
    requirements TEXT NOT NULL
) STRICT;

CREATE INDEX queue_order ON queue (priority DESC, sequence);
CREATE INDEX queue_deadline ON queue (deadline, sequence);

-- Tokens of start requests, for as long as they count.
CREATE TABLE idempotency (
    token        TEXT PRIMARY KEY,
    request_hash TEXT NOT NULL,
    build        TEXT NOT NULL REFERENCES build (id),
    at           INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_age ON idempotency (at);

CREATE TABLE agent (
    name     TEXT PRIMARY KEY,
    document TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Effects still to be done, oldest first. An id is never used twice.
CREATE TABLE outbox (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    effect TEXT NOT NULL
) STRICT;
