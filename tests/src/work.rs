//! Work on records: jobs, bulk changes, comments, attachments, watchers, time line, copies, merges, saved views.

mod bulk;
mod jobs;
