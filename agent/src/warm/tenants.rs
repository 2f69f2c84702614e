//! Whose builds come in, shape by shape. A warm container that is made for one tenant starts cheaper, as it joins a
//! network namespace that is there; but only that tenant may have it. Pure.

use super::shape::Shape;
use std::collections::BTreeMap;

/// So many builds of one tenant in a row, and the next is taken to be of it, too.
const IN_A_ROW: u32 = 3;

/// Who came last.
#[derive(Debug, Default)]
pub(crate) struct Tenants(BTreeMap<Shape, Run>);

#[derive(Debug)]
struct Run {
    tenant: String,
    length: u32,
}

impl Tenants {
    /// A build of this tenant came in.
    pub(crate) fn arrived(&mut self, shape: &Shape, tenant: &str) {
        match self.0.get_mut(shape) {
            Some(run) if run.tenant == tenant => run.length = run.length.saturating_add(1),
            _ => drop(self.0.insert(shape.clone(), Run { tenant: tenant.to_owned(), length: 1 })),
        }
    }

    /// The one whose builds alone come in, if it is so.
    pub(crate) fn only(&self, shape: &Shape) -> Option<&str> {
        let run = self.0.get(shape).filter(|run| run.length >= IN_A_ROW && !shape.privileged)?;
        Some(&run.tenant)
    }

    /// Forgets the shapes that nobody asks for any more.
    pub(crate) fn retain(&mut self, asked_for: impl Fn(&Shape) -> bool) {
        self.0.retain(|shape, _| asked_for(shape));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use buildyard_model::Resources;

    fn shape(privileged: bool) -> Shape {
        Shape::new("x", Resources { vcpu: 2, memory_mib: 4096 }, privileged)
    }

    #[test]
    fn a_tenant_is_the_only_one_until_another_comes() {
        let (mut tenants, shape) = (Tenants::default(), shape(false));
        let seen: Vec<_> = ["a", "a", "a", "a", "b", "a"]
            .map(|tenant| {
                tenants.arrived(&shape, tenant);
                tenants.only(&shape).is_some()
            })
            .into();
        assert_eq!(seen, [false, false, true, true, false, false]);
        tenants.retain(|_| false);
        assert_eq!(tenants.only(&shape), None);
    }

    #[test]
    fn privileged_containers_are_nobodys_in_particular() {
        let (mut tenants, shape) = (Tenants::default(), shape(true));
        (0..5).for_each(|_| tenants.arrived(&shape, "a"));
        assert_eq!(tenants.only(&shape), None);
    }
}
