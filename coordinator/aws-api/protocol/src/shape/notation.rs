//! Prints shapes in their notation again, one member a line: what tests compare with the services' models.

use super::{Kind, Member, Shapes, Type};
use std::fmt::{self, Display, Formatter};

impl Shapes {
    /// One line for each member, `StopBuild input.id*: str 1..`, and for each enum, `enum StatusType SUCCEEDED FAILED`.
    /// Members that are newer than the model are left out.
    pub fn lines(&self) -> Vec<String> {
        let members = self.structures.iter().flat_map(|structure| {
            let known = structure.members.iter().filter(|member| !member.newer);
            known.map(|member| format!("{}.{}", structure.name, self.member(member)))
        });
        let enums = self.enums.iter().map(|found| format!("enum {} {}", found.name, found.values.join(" ")));
        members.chain(enums).collect()
    }

    fn member(&self, member: &Member) -> String {
        let mark = if member.required { "*" } else { "" };
        format!("{}{mark}: {}", member.name, Printed(self, &member.shape))
    }
}

struct Printed<'a>(&'a Shapes, &'a Type);

impl Display for Printed<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(shapes, shape) = self;
        if shape.secret {
            f.write_str("secret ")?;
        }
        match &shape.kind {
            Kind::Str => f.write_str("str")?,
            Kind::Int => f.write_str("int")?,
            Kind::Long => f.write_str("long")?,
            Kind::Double => f.write_str("double")?,
            Kind::Bool => f.write_str("bool")?,
            Kind::Time => f.write_str("time")?,
            Kind::Blob => f.write_str("blob")?,
            Kind::List(element) => write!(f, "[{}]", Printed(shapes, element))?,
            Kind::Map(key, value) => write!(f, "map<{}, {}>", Printed(shapes, key), Printed(shapes, value))?,
            Kind::Structure(place) => f.write_str(shapes.structures.get(*place).map_or("?", |found| &found.name))?,
            Kind::Enum(place) => f.write_str(shapes.enums.get(*place).map_or("?", |found| &found.name))?,
        }
        if shape.min.is_some() || shape.max.is_some() {
            let bound = |bound: Option<i64>| bound.map_or(String::new(), |bound| bound.to_string());
            write!(f, " {}..{}", bound(shape.min), bound(shape.max))?;
        }
        match &shape.pattern {
            Some(pattern) => write!(f, " /{}/", pattern.text.replace('/', "\\/")),
            None => Ok(()),
        }
    }
}
