-- Named documents: projects, users, parameters and so on. A version rises with each change of its document.
CREATE TABLE document (
    kind    TEXT NOT NULL,
    key     TEXT NOT NULL,
    version INTEGER NOT NULL,
    body    TEXT NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;

-- Which builds of a project are not over yet.
CREATE INDEX build_unfinished ON build (project) WHERE state <> 'finished';
