//! What somebody wrote for a cluster, or printed of one: MachineConfigs, pools, and what decides their names.

use serde_json::Value;

use super::Images;
use super::MachineConfig;
use super::Pool;
use super::Problem;
use super::config::RELEASE_ANNOTATION;
use super::name::RENDERED_PREFIX;
use super::pool::read_pool;
use super::read::GROUP;
use super::read::Object;
use super::read::config_of;
use super::read::each_object;
use super::version::Said;
use super::version::listen;

/// The objects of a cluster that decide what is rendered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dump {
    /// MachineConfigs that somebody wrote, and those that the operator made of its templates and other objects.
    pub configs: Vec<MachineConfig>,
    /// What the operator rendered.
    pub rendered: Vec<MachineConfig>,
    /// The pools.
    pub pools: Vec<Pool>,
    /// The release's own images.
    pub images: Images,
    /// The version of OpenShift, and which object says it.
    pub said: Option<Said>,
    /// Which release the operator says it is of.
    pub release: Option<String>,
}

impl Dump {
    /// Adds the objects in `text`; `name_of_source` names it in problems.
    pub fn add(&mut self, name_of_source: &str, text: &str) -> Vec<Problem> {
        let mut wrong = Vec::new();
        let mut problems = each_object(name_of_source, text, &mut |object| wrong.extend(self.take(object)));
        problems.append(&mut wrong);
        problems
    }

    /// Keeps of an object what decides; what is wrong with it is a problem.
    pub(super) fn take(&mut self, object: &Object<'_>) -> Vec<Problem> {
        listen(&mut self.said, object);
        match (object.group, object.kind) {
            (GROUP, "MachineConfigPool") => {
                let (pool, problems) = read_pool(object);
                self.pools.push(pool);
                problems
            }
            (GROUP, "ControllerConfig") => {
                self.controller_config(object);
                Vec::new()
            }
            _ => {
                let (config, problems) = config_of(object);
                match config {
                    Some(config) if is_rendered(&config) => self.rendered.push(config),
                    config => self.configs.extend(config),
                }
                problems
            }
        }
    }

    /// The version of OpenShift, if an object says it.
    pub fn version(&self) -> Option<&str> {
        self.said.as_ref().map(|said| said.version.as_str())
    }

    /// The pool of this name.
    pub fn pool(&self, name: &str) -> Option<&Pool> {
        self.pools.iter().find(|pool| pool.name == name)
    }

    /// What the operator rendered under this name.
    pub fn rendered_as(&self, name: &str) -> Option<&MachineConfig> {
        self.rendered.iter().find(|config| config.name == name)
    }

    /// The images of a pool: those of the release, unless it takes them of another stream.
    pub fn images_of(&self, pool: &Pool) -> Images {
        match pool.image_stream {
            Some(_) => Images::default(),
            None => self.images.clone(),
        }
    }

    /// Which operator made what it made.
    pub fn controller(&self) -> Option<&str> {
        self.configs.iter().find_map(MachineConfig::generated_by)
    }

    fn controller_config(&mut self, object: &Object<'_>) {
        let spec = |key: &str| {
            let text = object.value.get("spec").and_then(|spec| spec.get(key)).and_then(Value::as_str);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let images = Images {
            os: spec("baseOSContainerImage").or_else(|| spec("osImageURL")),
            extensions: spec("baseOSExtensionsContainerImage"),
        };
        self.images = std::mem::take(&mut self.images).or(images);
        let annotations = object.value.get("metadata").and_then(|metadata| metadata.get("annotations"));
        let release =
            annotations.and_then(|annotations| annotations.get(RELEASE_ANNOTATION)).and_then(Value::as_str);
        self.release = self.release.take().or(release.map(str::to_owned));
    }
}

/// True for what the operator rendered: it is no source of anything.
fn is_rendered(config: &MachineConfig) -> bool {
    config.name.starts_with(RENDERED_PREFIX) && config.is_generated()
}

#[cfg(test)]
mod tests {
    use super::Dump;

    #[test]
    fn tells_what_is_rendered_from_what_it_is_rendered_of() {
        let text = "\
apiVersion: v1
kind: List
items:
- {apiVersion: machineconfiguration.openshift.io/v1, kind: MachineConfig, metadata: {name: rendered-mine}}
- apiVersion: machineconfiguration.openshift.io/v1
  kind: MachineConfig
  metadata: {name: rendered-worker-1, annotations: {machineconfiguration.openshift.io/generated-by-controller-version: abc}}
- apiVersion: machineconfiguration.openshift.io/v1
  kind: MachineConfig
  metadata: {name: 00-worker, annotations: {machineconfiguration.openshift.io/generated-by-controller-version: abc}}
- {apiVersion: machineconfiguration.openshift.io/v1, kind: ControllerConfig, spec: {osImageURL: old, baseOSContainerImage: os, baseOSExtensionsContainerImage: ext}}
- {apiVersion: config.openshift.io/v1, kind: ClusterVersion, status: {desired: {version: 4.20.3}}}
- {apiVersion: machineconfiguration.openshift.io/v1, kind: MachineConfigPool, metadata: {name: worker, uid: u}, spec: {configuration: {name: rendered-worker-1}}}
";
        let mut dump = Dump::default();
        assert_eq!(dump.add("a.yaml", text), []);
        let names: Vec<&str> = dump.configs.iter().map(|config| config.name.as_str()).collect();
        assert_eq!(names, ["rendered-mine", "00-worker"]);
        assert!(dump.rendered_as("rendered-worker-1").is_some());
        assert_eq!((dump.images.os.as_deref(), dump.images.extensions.as_deref()), (Some("os"), Some("ext")));
        assert_eq!((dump.version(), dump.controller()), (Some("4.20.3"), Some("abc")));
        let wanted = dump.pool("worker").and_then(|pool| pool.wanted.as_deref());
        assert_eq!(wanted, Some("rendered-worker-1"));
    }
}
