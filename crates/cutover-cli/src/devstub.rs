//! TEMP
#![allow(warnings)]
use async_trait::async_trait;
use cutover_domain::comparison::*;
use cutover_domain::tree::Tree;
use cutover_ports::comparison::*;
use cutover_ports::*;
use std::path::PathBuf;
#[derive(Debug)]
pub struct FileComparisonStore(PathBuf);
impl FileComparisonStore {
    pub fn open(p: PathBuf) -> Result<Self, PortError> {
        std::fs::create_dir_all(&p).unwrap();
        Ok(Self(p))
    }
}
#[async_trait]
impl ComparisonStore for FileComparisonStore {
    fn capabilities(&self) -> ComparisonCapabilities {
        ComparisonCapabilities {
            durable: true,
            shared: false,
            bounded_bytes: false,
        }
    }
    async fn create_run(&self, run: &Run) -> Result<(), PortError> {
        self.update_run(run).await
    }
    async fn update_run(&self, run: &Run) -> Result<(), PortError> {
        std::fs::write(
            self.0.join(format!("{}.tmp", run.id)),
            serde_json::to_vec(run).unwrap(),
        )
        .unwrap();
        std::fs::rename(
            self.0.join(format!("{}.tmp", run.id)),
            self.0.join(format!("{}.json", run.id)),
        )
        .unwrap();
        Ok(())
    }
    async fn run(&self, id: &RunId) -> Result<Option<Run>, PortError> {
        Ok(std::fs::read(self.0.join(format!("{id}.json")))
            .ok()
            .map(|b| serde_json::from_slice(&b).unwrap()))
    }
    async fn runs(&self, query: &RunQuery) -> Result<Page<Run>, PortError> {
        let mut v: Vec<Run> = std::fs::read_dir(&self.0)
            .unwrap()
            .flatten()
            .filter(|e| e.path().extension().unwrap() == "json")
            .map(|e| serde_json::from_slice(&std::fs::read(e.path()).unwrap()).unwrap())
            .collect();
        v.sort_by(|a, b| (b.started, &b.id).cmp(&(a.started, &a.id)));
        Ok(Page {
            items: v,
            next: None,
            unreadable: vec![],
        })
    }
    async fn append(&self, records: &[ComparisonRecord]) -> Result<(), PortError> {
        use std::io::Write;
        let mut f = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.0.join(format!("{}.jsonl", records[0].run)))
            .unwrap();
        for r in records {
            let mut l = serde_json::to_vec(r).unwrap();
            l.push(b'\n');
            f.write_all(&l).unwrap();
        }
        Ok(())
    }
    async fn record(
        &self,
        run: &RunId,
        id: &RecordId,
    ) -> Result<Option<ComparisonRecord>, PortError> {
        unimplemented!()
    }
    async fn records(&self, query: &RecordQuery) -> Result<Page<ComparisonRecord>, PortError> {
        let t = std::fs::read_to_string(
            self.0
                .join(format!("{}.jsonl", query.run.as_ref().unwrap())),
        )
        .unwrap_or_default();
        let mut v: Vec<ComparisonRecord> = t
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect();
        v.reverse();
        Ok(Page {
            items: v,
            next: None,
            unreadable: vec![],
        })
    }
    async fn prune(
        &self,
        retention: &Retention,
        now: jiff::Timestamp,
    ) -> Result<Pruned, PortError> {
        unimplemented!()
    }
}
pub mod json {
    use super::*;
    pub fn read(b: &[u8]) -> Result<Tree, String> {
        Tree::from_json(std::str::from_utf8(b).map_err(|e| e.to_string())?)
            .map_err(|e| e.to_string())
    }
}
pub mod jsonl {
    use super::*;
    pub fn read(b: &[u8]) -> Result<Tree, String> {
        json::read(
            format!(
                "[{}]",
                std::str::from_utf8(b).unwrap().trim().replace("\n", ",")
            )
            .as_bytes(),
        )
    }
}
