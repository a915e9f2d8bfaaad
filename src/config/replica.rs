//! Flags of servers that share the work.

use clap::Args;

/// Which of several servers behind a load balancer this is.
#[derive(Args, Clone, Debug)]
#[non_exhaustive]
pub struct ReplicaConfig {
    /// Which of how many servers this is, counted from 0, such as 0/3: every id that it makes says so
    #[arg(long, env = "ALFRESCO_MOCK_REPLICA", value_name = "NUMBER/COUNT", value_parser = replica, requires = "ticket_secret")]
    pub replica: Option<Replica>,

    /// What all of those servers sign tickets with, so that each knows the others' tickets
    #[arg(long, env = "ALFRESCO_MOCK_TICKET_SECRET", value_name = "TEXT", value_parser = secret, hide_env_values = true)]
    pub ticket_secret: Option<String>,
}

/// One of several servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replica {
    /// Which one it is, from 0 on.
    pub number: u8,
    /// How many there are.
    pub count: u16,
}

fn replica(text: &str) -> Result<Replica, String> {
    let read = |text: &str| {
        let (number, count) = text.split_once('/')?;
        Some(Replica { number: number.parse().ok()?, count: count.parse().ok()? })
    };
    read(text)
        .filter(|replica| u16::from(replica.number) < replica.count && replica.count <= 256)
        .ok_or_else(|| "expected a number from 0 on and how many there are, at most 256, such as 0/3".to_owned())
}

fn secret(text: &str) -> Result<String, String> {
    if text.len() < 16 {
        return Err("expected a secret of 16 bytes or more".to_owned());
    }
    Ok(text.to_owned())
}
