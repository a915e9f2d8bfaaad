//! What tells of the server itself: probes and discovery.

use serde_json::json;

use super::{
    Refusals, Who,
    both::{Both, NETWORKS, Outcome, check, compare},
    world::USERS,
};
use crate::support::Auth;

impl Both<'_> {
    /// The probes, which nobody needs to log in for. The ready one looks again when its last look is long ago.
    pub(super) fn probe(&mut self, op: &str, who: Who) -> Outcome {
        let ask = |name: &str| {
            let path = format!("/alfresco/api/{}/public/alfresco/versions/1/probes/{name}", NETWORKS[who.network]);
            self.mock.request("GET", &path, Auth::None, &[], None)
        };
        let how = if self.world(who).is_probed { "No test" } else { "Tested" };
        let ready = format!("readyProbe: Success - {how}");
        for (name, message) in [("-live-", "liveProbe: Success - Tested"), ("-ready-", &ready)] {
            let response = ask(name);
            compare(op, &response, &Refusals::new(), 200)?;
            check(response.json() == json!({ "entry": { "message": message } }), || {
                format!("{op}: {} instead of {message}", response.text())
            })?;
        }
        compare(op, &ask("-other-"), &Refusals::from([400]), 200)?;
        self.world_mut(who).is_probed = true;
        Ok(())
    }

    /// Discovery, which is not for strangers, and which no network has to itself.
    pub(super) fn discover(&self, op: &str, who: Who) -> Outcome {
        let user = USERS[who.user];
        let ask = |auth: Auth<'_>| self.mock.request("GET", "/alfresco/api/discovery", auth, &[], None);
        let response = ask(Auth::Basic(user, user));
        compare(op, &response, &Refusals::new(), 200)?;
        let status = &response.json()["entry"]["repository"]["status"];
        let is_open = status["isReadOnly"] == json!(false) && status["isDirectAccessUrlEnabled"] == json!(false);
        check(is_open, || format!("{op}: {status}"))?;
        compare(op, &ask(Auth::None), &Refusals::from([401]), 200).map(drop)
    }
}
