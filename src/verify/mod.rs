//! The judge: what must be true, what was found, and the verdict. Pure, whoever asked and whenever.
//!
//! A fact is a subject with the values found for it, an expectation a subject with the value it must
//! have. To verify another thing: add a [`Subject`], let `templates/files/cotter-verify` find its values, say in
//! `judge.rs` what to look at where it differs, let `target/expect` expect it, and, where a folder that somebody kept
//! can tell, `saved`.

mod boot;
mod expectation;
mod hosts_report;
mod judge;
mod life;
mod look;
mod manifest;
mod report;
mod subject;

pub use boot::BOOT_SCHEMA;
pub use boot::BootRecord;
pub use boot::MAX_RECORD_BYTES;
pub use boot::MAX_RECORDS;
pub use boot::quoted;
pub use expectation::Expectation;
pub use expectation::Wanted;
pub use hosts_report::HOSTS_REPORT_SCHEMA;
pub use hosts_report::HostCounts;
pub use hosts_report::HostOutcome;
pub use hosts_report::HostReport;
pub use hosts_report::HostsReport;
pub use judge::judge;
pub use judge::judge_cluster;
pub use life::Life;
pub use life::Lives;
pub use look::Look;
pub use manifest::MANIFEST_SCHEMA;
pub use manifest::Manifest;
pub use manifest::SpecDigest;
pub use report::BootReport;
pub use report::Outcome;
pub use report::REPORT_SCHEMA;
pub use report::Regression;
pub use report::Report;
pub use report::Verdict;
pub use subject::CloudInitProperty;
pub use subject::ClusterProperty;
pub use subject::FileProperty;
pub use subject::HardwareProperty;
pub use subject::ImageProperty;
pub use subject::MountProperty;
pub use subject::NodeProperty;
pub use subject::PortProperty;
pub use subject::Subject;
pub use subject::UserProperty;
