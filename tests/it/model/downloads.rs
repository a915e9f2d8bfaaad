//! Downloads: their counters, their ends, and what is in their zips.

use serde_json::json;

use super::{
    Refusals, Who,
    both::{Both, Outcome, check, compare, id_in},
    world::{ADMIN, Download, Right},
};
use crate::support::archive;

impl Both<'_> {
    fn download(&self, who: Who, number: usize) -> Option<usize> {
        number.checked_rem(self.world(who).downloads.len())
    }

    pub(super) fn create_download(&mut self, op: &str, who: Who, nodes: &[usize], is_held: bool) -> Outcome {
        let nodes: Vec<usize> = nodes.iter().map(|node| self.node(who, *node)).collect();
        let world = self.world(who);
        let ids: Vec<_> = nodes.iter().map(|node| world.nodes[*node].id.as_str()).collect();
        let mut unique = ids.clone();
        unique.sort_unstable();
        unique.dedup();
        let mut refusals: Refusals =
            nodes.iter().flat_map(|node| world.refusals(who.user, *node, Right::Read)).collect();
        if refusals.contains(&404) {
            refusals = Refusals::from([404]);
        }
        if nodes.is_empty() || unique.len() < ids.len() {
            refusals = Refusals::from([400]);
        }
        let will_be_held = is_held && refusals.is_empty();
        let body = json!({ "nodeIds": ids });
        if will_be_held {
            let held = self.control(who, "POST", "/gates", r#"{"at":"pending","jobs":{"times":1}}"#);
            check(held.status < 300, || format!("{op}: {}", held.text()))?;
        }
        let response = self.json(who, "POST", "/downloads", &body);
        if !compare(op, &response, &refusals, 202)? {
            return Ok(());
        }
        let id = id_in(&response);
        let until = if will_be_held { "isHeld" } else { "isFinal" };
        self.wait(op, who, &id, until)?;
        let world = self.world_mut(who);
        world.downloads.push(Download {
            id,
            creator: who.user,
            nodes,
            is_there: true,
            is_held: will_be_held,
            is_cancelled: false,
            status: "PENDING",
            counters: [0; 4],
            entries: Vec::new(),
        });
        if !will_be_held {
            world.finish(world.downloads.len() - 1);
        }
        Ok(())
    }

    fn wait(&self, op: &str, who: Who, id: &str, until: &str) -> Outcome {
        let waited = self.control(who, "GET", &format!("/wait?download={id}&{until}=true&timeout=60s"), "");
        check(waited.status == 200, || format!("{op}: {}", waited.text()))
    }

    pub(super) fn release(&mut self, who: Who, download: usize) -> Outcome {
        let Some(number) = self.download(who, download) else { return Ok(()) };
        let download = &self.world(who).downloads[number];
        if !download.is_there || !download.is_held {
            return Ok(());
        }
        let id = download.id.clone();
        let released = self.control(who, "DELETE", &format!("/downloads/{id}/gate"), "");
        check(released.status < 300, || format!("release: {}", released.text()))?;
        self.wait("release", who, &id, "isFinal")?;
        self.world_mut(who).finish(number);
        Ok(())
    }

    /// Why this user cannot do anything with the download.
    fn download_refusals(who: Who, download: &Download) -> Refusals {
        match (download.is_there, who.user == ADMIN || download.creator == who.user) {
            (false, _) => Refusals::from([404]),
            (true, false) => Refusals::from([403]),
            (true, true) => Refusals::new(),
        }
    }

    pub(super) fn poll(&self, op: &str, who: Who, download: usize) -> Outcome {
        let Some(number) = self.download(who, download) else { return Ok(()) };
        let download = &self.world(who).downloads[number];
        let response = self.bare(who, "GET", &format!("/downloads/{}", download.id));
        if !compare(op, &response, &Self::download_refusals(who, download), 200)? {
            return Ok(());
        }
        let [files_added, bytes_added, files, bytes] = download.counters;
        let expected = json!({ "entry": {
            "id": download.id, "status": download.status,
            "filesAdded": files_added, "bytesAdded": bytes_added, "totalFiles": files, "totalBytes": bytes,
        }});
        check(response.json() == expected, || format!("{op}: {} instead of {expected}", response.text()))
    }

    pub(super) fn cancel(&mut self, op: &str, who: Who, download: usize) -> Outcome {
        self.end_download(op, who, download, ("downloads", 202), |download| download.is_cancelled = true)
    }

    pub(super) fn delete_download(&mut self, op: &str, who: Who, download: usize) -> Outcome {
        self.end_download(op, who, download, ("nodes", 204), |download| download.is_there = false)
    }

    /// Deletes it in a collection, which is answered with a status if it is let happen, and notes what follows.
    fn end_download(
        &mut self,
        op: &str,
        who: Who,
        download: usize,
        (collection, status): (&str, u16),
        note: impl FnOnce(&mut Download),
    ) -> Outcome {
        let Some(number) = self.download(who, download) else { return Ok(()) };
        let download = &self.world(who).downloads[number];
        let response = self.bare(who, "DELETE", &format!("/{collection}/{}", download.id));
        if compare(op, &response, &Self::download_refusals(who, download), status)? {
            note(&mut self.world_mut(who).downloads[number]);
        }
        Ok(())
    }

    pub(super) fn fetch(&self, op: &str, who: Who, download: usize) -> Outcome {
        let Some(number) = self.download(who, download) else { return Ok(()) };
        let download = &self.world(who).downloads[number];
        let response = self.bare(who, "GET", &format!("/nodes/{}/content", download.id));
        let refusals = Self::download_refusals(who, download);
        if refusals.is_empty() && download.status != "DONE" {
            return check(response.status != 200, || format!("{op}: a zip of a download that is {}", download.status));
        }
        if !compare(op, &response, &refusals, 200)? {
            return Ok(());
        }
        let entries = archive::parse(&response.body);
        let names: Vec<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
        let expected: Vec<_> = download.entries.iter().map(|(name, _)| name.as_str()).collect();
        check(names == expected, || format!("{op}: {names:?} instead of {expected:?}"))?;
        let is_same = entries.iter().zip(&download.entries).all(|(entry, (_, bytes))| entry.content == *bytes);
        check(is_same, || format!("{op}: other contents"))
    }
}
