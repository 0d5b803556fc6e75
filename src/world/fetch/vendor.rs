//! Asking a vendor what there is of an image.

use std::path::PathBuf;

use super::super::Failure;
use super::FetchStep;
use super::Trust;
use super::cache;
use super::client::Http;
use super::obtain::small;
use super::signature::Keyring;
use crate::catalog;
use crate::catalog::Architecture;
use crate::catalog::Catalog;
use crate::catalog::Document;
use crate::catalog::Family;
use crate::catalog::ImageName;
use crate::catalog::Part;
use crate::catalog::Release;
use crate::catalog::Wanted;

/// Whom to ask for an image.
pub(super) struct Vendor<'a> {
    pub(super) http: Http,
    catalog: &'a Catalog,
    pub(super) family: &'a Family,
    name: &'a ImageName,
    pub(super) architecture: Architecture,
}

impl<'a> Vendor<'a> {
    pub(super) fn of(catalog: &'a Catalog, name: &'a ImageName) -> Result<Self, Failure> {
        let family = catalog.family(&name.family).ok_or_else(|| {
            Failure::input(format!("there is no image `{name}`"), "`cotter fetch --list` shows the names")
        })?;
        let architecture = name.architecture.unwrap_or(Architecture::X86_64);
        Ok(Self { http: Http::new()?, catalog, family, name, architecture })
    }

    pub(super) fn folder(&self, version: &str) -> Result<PathBuf, Failure> {
        let folder = cache::images_folder()?.join(&self.name.family).join(&self.name.stream);
        Ok(folder.join(version).join(self.architecture.word()))
    }

    /// Finds out what there is, and who signed the list of it, if somebody did.
    pub(super) fn release(
        &self,
        parts: &[Part],
        trust: &Trust,
        tell: &mut dyn FnMut(FetchStep<'_>),
    ) -> Result<(Release, Option<String>), Failure> {
        let wanted = Wanted {
            stream: &self.name.stream,
            version: self.name.version.as_deref(),
            architecture: self.architecture,
            parts,
        };
        let mut list_key = None;
        let release = catalog::resolve(self.family, &wanted, &mut |document| {
            tell(FetchStep::Goes(&format!("asking `{}`", document.url)));
            let (text, key) = self.document(document, trust, tell)?;
            list_key = key.or(list_key.take());
            Ok::<String, Failure>(text)
        })?;
        Ok((release, list_key))
    }

    /// Gets a document; a signed one only if its signature is good, or the digest alone is asked.
    fn document(
        &self,
        document: &Document,
        trust: &Trust,
        tell: &mut dyn FnMut(FetchStep<'_>),
    ) -> Result<(String, Option<String>), Failure> {
        let signature = document.signature.as_ref().filter(|_| !trust.digest_alone);
        // What is missing here is said before anything is asked.
        let keyring = match (signature, &self.family.vendor) {
            (Some(_), Some(vendor)) => {
                Some(Keyring::new(vendor, self.name.version.as_deref().unwrap_or_default(), &trust.keys)?)
            }
            _ => None,
        };
        let mut bytes = small(&self.http, &self.catalog.places(&document.url), tell)?;
        let mut key = None;
        if let (Some(signature), Some(keyring)) = (signature, keyring) {
            let signature = small(&self.http, &self.catalog.places(signature), tell)?;
            let (signed, by) = keyring.check_document(&signature, bytes, &format!("`{}`", document.url))?;
            (bytes, key) = (signed, Some(by));
        }
        let text = String::from_utf8(bytes).map_err(|_| {
            Failure::surroundings(format!("`{}` is not text", document.url), "try again later")
        })?;
        Ok((text, key))
    }
}
