//! What waiting builds ask for, each form of it known by a number: one look says for ten thousand builds that they fit
//! nowhere. A form goes with the last build that has it.

use buildyard_model::{Requirements, Timestamp};
use std::collections::{BTreeMap, HashMap};

/// A number for all builds that ask for the same of an agent.
pub(crate) type Shape = u32;

/// What the builds of one shape have in common.
#[derive(Debug)]
struct Form {
    wanted: Requirements,
    /// How many wait since when.
    since: BTreeMap<Timestamp, u32>,
}

/// All that is asked for now.
#[derive(Debug, Default)]
pub(super) struct Forms {
    forms: HashMap<Shape, Form>,
    shapes: HashMap<Requirements, Shape>,
    last: Shape,
}

impl Forms {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.forms.len()
    }

    /// Whether nothing is left of what was asked for.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.forms.is_empty() && self.shapes.is_empty()
    }

    /// Since when the first of a shape has been waiting.
    pub(super) fn oldest(&self, shape: Shape) -> Option<Timestamp> {
        self.forms.get(&shape)?.since.keys().next().copied()
    }

    /// A build asks for this, which has waited since then.
    pub(super) fn enter(&mut self, requirements: &Requirements, since: Timestamp) -> Shape {
        // What a build prefers does not decide whether it fits.
        let wanted = Requirements { prefers: Vec::new(), ..requirements.clone() };
        let shape = *self.shapes.entry(wanted.clone()).or_insert_with(|| {
            self.last += 1;
            self.last
        });
        let form = self.forms.entry(shape).or_insert_with(|| Form { wanted, since: BTreeMap::new() });
        *form.since.entry(since).or_default() += 1;
        shape
    }

    /// A build of that shape waits no more.
    pub(super) fn leave(&mut self, shape: Shape, since: Timestamp) {
        let Some(form) = self.forms.get_mut(&shape) else { return };
        if let Some(count) = form.since.get_mut(&since) {
            *count -= 1;
            if *count == 0 {
                form.since.remove(&since);
            }
        }
        if form.since.is_empty()
            && let Some(form) = self.forms.remove(&shape)
        {
            self.shapes.remove(&form.wanted);
        }
    }
}
