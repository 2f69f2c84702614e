//! Records: builds, queue, agents, outbox.
