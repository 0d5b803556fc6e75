//! What must be true of a machine in a cloud: that its payload was applied, and that those who read it say nothing else.

use super::INSTALLED;
use crate::cloud::Choice;
use crate::cloud::Format;
use crate::cloud::Reader;
use crate::document::Origin;
use crate::verify::CloudInitProperty;
use crate::verify::Expectation;
use crate::verify::Subject;

/// That the payload with `digest` in its stamp was applied, and that no reader who was chosen has failed on it.
///
/// The stamp alone proves it: cloud-init is done, and Google's script runner ends well, where nothing was applied.
pub(in crate::target) fn payload(digest: &str, choice: &Choice, origin: &Origin) -> Vec<Expectation> {
    let stamp = Expectation::has(&Subject::PayloadDigest, digest, "payload applied", origin);
    let cloud_init = |property| Subject::CloudInit(property);
    let mut expected = vec![stamp];
    if choice.readers.contains(&Reader::CloudInit) {
        let (status, user_data) = (CloudInitProperty::Status, CloudInitProperty::UserData);
        expected.push(Expectation::lacks(&cloud_init(status), "error", "no error of cloud-init", origin));
        expected.push(Expectation::lacks(
            &cloud_init(user_data),
            "refused",
            "nothing that cloud-init passed over",
            origin,
        ));
        if matches!(choice.format, Format::CloudConfig | Format::Mime) {
            let schema = cloud_init(CloudInitProperty::Schema);
            expected.push(Expectation::lacks(
                &schema,
                "invalid",
                "cloud-config by cloud-init's schema",
                origin,
            ));
        }
    }
    if choice.readers.contains(&Reader::StartupScript) {
        expected.push(Expectation::lacks(
            &Subject::StartupScript,
            "failed",
            "no failed startup script",
            origin,
        ));
    }
    expected.into_iter().map(|expectation| expectation.in_lives(&INSTALLED)).collect()
}
