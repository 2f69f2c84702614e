//! The tree: nodes in one vector, children by index. Aliased nodes have several parents, never themselves as ancestor.

use crate::error::Position;

/// A node of a [`Tree`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeId(usize);

/// What a node is.
#[derive(Debug)]
pub(crate) enum Kind {
    /// The text as written, without quotes. `plain`: neither quoted nor a block nor tagged as text.
    Scalar {
        text: String,
        plain: bool,
    },
    Sequence(Vec<NodeId>),
    /// Keys (scalars, each text once) and values; merge keys are already resolved.
    Mapping(Vec<(NodeId, NodeId)>),
}

/// What a node comes to when every alias below it is written out.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Extent {
    pub(super) nodes: u64,
    pub(super) bytes: u64,
}

impl Extent {
    pub(super) fn add(&mut self, other: Self) {
        self.nodes = self.nodes.saturating_add(other.nodes);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

#[derive(Debug)]
struct Node {
    kind: Kind,
    position: Position,
    extent: Extent,
}

/// One YAML document.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    root: Option<NodeId>,
}

impl Tree {
    pub(super) fn push(&mut self, kind: Kind, position: Position, extent: Extent) -> NodeId {
        self.nodes.push(Node { kind, position, extent });
        NodeId(self.nodes.len() - 1)
    }

    pub(super) fn set_root(&mut self, root: NodeId) {
        self.root = Some(root);
    }

    /// Whether the document has its node.
    pub(super) fn is_complete(&self) -> bool {
        self.root.is_some()
    }

    pub(super) fn extent(&self, id: NodeId) -> Extent {
        self.node(id).extent
    }

    /// The node that holds all others. Trees are handed out only when they have one.
    pub(crate) fn root(&self) -> NodeId {
        self.root.unwrap_or(NodeId(0))
    }

    pub(crate) fn kind(&self, id: NodeId) -> &Kind {
        &self.node(id).kind
    }

    pub(crate) fn position(&self, id: NodeId) -> Position {
        self.node(id).position
    }

    /// Whether the node is YAML's null: nothing, `~` or `null`, not quoted.
    pub(crate) fn is_null(&self, id: NodeId) -> bool {
        matches!(self.kind(id), Kind::Scalar { text, plain: true }
            if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The scalar's text; nothing for lists and maps.
    pub(crate) fn scalar(&self, id: NodeId) -> Option<&str> {
        match self.kind(id) {
            Kind::Scalar { text, .. } => Some(text),
            Kind::Sequence(_) | Kind::Mapping(_) => None,
        }
    }

    /// The text of a mapping's key, which is always a scalar.
    pub(crate) fn key(&self, id: NodeId) -> &str {
        self.scalar(id).unwrap_or_default()
    }

    fn node(&self, id: NodeId) -> &Node {
        // Ids are made by `push` alone and nodes are never taken away.
        &self.nodes[id.0]
    }
}
