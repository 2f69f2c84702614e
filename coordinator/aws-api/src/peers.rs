//! Connections by peer: nobody holds so many that there is no place left for others.
//!
//! A peer is an IPv4 address, loopback too, or an IPv6 network of /64, which is what one host is given.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Open = HashMap<IpAddr, usize>;

/// How many connections each peer has.
#[derive(Debug, Clone)]
pub(crate) struct Peers {
    most: usize,
    open: Arc<Mutex<Open>>,
}

/// One connection of a peer, until it is dropped.
#[derive(Debug)]
pub(crate) struct PeerPlace {
    peer: IpAddr,
    open: Arc<Mutex<Open>>,
}

impl Peers {
    /// Each may have so many.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, open: Arc::default() }
    }

    /// A place for one connection more, unless the peer has all of its own.
    pub(crate) fn place(&self, address: IpAddr) -> Option<PeerPlace> {
        let peer = peer(address);
        let mut open = lock(&self.open);
        let connections = open.entry(peer).or_default();
        if *connections >= self.most {
            return None;
        }
        *connections += 1;
        Some(PeerPlace { peer, open: Arc::clone(&self.open) })
    }
}

impl Drop for PeerPlace {
    fn drop(&mut self) {
        let mut open = lock(&self.open);
        if let Some(connections) = open.get_mut(&self.peer) {
            *connections = connections.saturating_sub(1);
            if *connections == 0 {
                open.remove(&self.peer);
            }
        }
    }
}

fn lock(open: &Mutex<Open>) -> MutexGuard<'_, Open> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

fn peer(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_has_its_places_and_gets_them_back() {
        let peers = Peers::new(2);
        let place = |text: &str| peers.place(text.parse().unwrap());
        let held = [place("10.0.0.1").unwrap(), place("::ffff:10.0.0.1").unwrap()];
        assert!(place("10.0.0.1").is_none(), "written as IPv6 it is the same");
        let other = place("10.0.0.2").unwrap();
        let network = [place("2001:db8::1").unwrap(), place("2001:db8::ffff:1").unwrap()];
        assert!(place("2001:db8::2").is_none() && place("2001:db8:0:1::1").is_some());
        drop(held);
        assert!(place("10.0.0.1").is_some());
        drop((other, network));
        assert!(lock(&peers.open).is_empty(), "nothing is remembered of who is gone");
    }
}
