//! A build-graph's dependencies: each is a task of the graph, and none leads back to itself.

use crate::spec::BatchTask;
use std::collections::HashMap;

/// What is wrong with the dependencies of tasks whose identifiers are unique.
pub(super) fn check(tasks: &[BatchTask]) -> Result<(), String> {
    let index: HashMap<&str, usize> =
        tasks.iter().enumerate().map(|(at, task)| (task.identifier.as_str(), at)).collect();
    let mut waiting = vec![0_usize; tasks.len()];
    let mut dependents = vec![Vec::new(); tasks.len()];
    for (at, task) in tasks.iter().enumerate() {
        for name in &task.depend_on {
            let Some(&dependency) = index.get(name.as_str()) else {
                let name = super::super::value::shortened(name);
                return Err(format!("{} depends on {name}, which is no build of the graph", task.identifier));
            };
            waiting[at] += 1;
            dependents[dependency].push(at);
        }
    }
    let mut ready: Vec<usize> = (0..tasks.len()).filter(|at| waiting[*at] == 0).collect();
    while let Some(done) = ready.pop() {
        for &dependent in &dependents[done] {
            waiting[dependent] -= 1;
            if waiting[dependent] == 0 {
                ready.push(dependent);
            }
        }
    }
    cycle(tasks, &index, &waiting).map_or(Ok(()), |cycle| Err(format!("the builds {cycle} depend on one another")))
}

/// A cycle among the tasks that never become ready, from any of them along its first dependency that waits too.
fn cycle(tasks: &[BatchTask], index: &HashMap<&str, usize>, waiting: &[usize]) -> Option<String> {
    let mut at = waiting.iter().position(|count| *count > 0)?;
    let mut path = Vec::new();
    let mut place = vec![None; tasks.len()];
    while place[at].is_none() {
        place[at] = Some(path.len());
        path.push(at);
        let dependencies = tasks[at].depend_on.iter().filter_map(|name| index.get(name.as_str()).copied());
        at = dependencies.into_iter().find(|dependency| waiting[*dependency] > 0)?;
    }
    let names: Vec<&str> = path[place[at]?..].iter().map(|at| tasks[*at].identifier.as_str()).take(10).collect();
    Some(names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&str, &[&str])]) -> Vec<BatchTask> {
        let task = |(name, on): &(&str, &[&str])| BatchTask {
            identifier: (*name).to_owned(),
            depend_on: on.iter().map(|name| (*name).to_owned()).collect(),
            ..BatchTask::default()
        };
        edges.iter().map(task).collect()
    }

    #[test]
    fn a_diamond_has_no_cycle() {
        assert_eq!(check(&graph(&[("d", &["b", "c"]), ("b", &["a"]), ("c", &["a", "a"]), ("a", &[])])), Ok(()));
    }

    #[test]
    fn a_cycle_is_named_without_what_only_leads_to_it() {
        let tasks = graph(&[("out", &["a"]), ("a", &["ok", "b"]), ("b", &["c"]), ("c", &["a"]), ("ok", &[])]);
        assert_eq!(check(&tasks), Err("the builds a, b, c depend on one another".to_owned()));
        assert_eq!(check(&graph(&[("a", &["a"])])), Err("the builds a depend on one another".to_owned()));
    }

    #[test]
    fn a_dependency_must_be_in_the_graph() {
        let tasks = graph(&[("a", &["b"])]);
        assert_eq!(check(&tasks), Err("a depends on b, which is no build of the graph".to_owned()));
    }

    #[test]
    fn long_chains_are_walked_without_recursion() {
        let names: Vec<String> = (0..20_000).map(|n| format!("t{n}")).collect();
        let task = |n: usize| BatchTask {
            identifier: names[n].clone(),
            depend_on: if n > 0 { vec![names[n - 1].clone()] } else { Vec::new() },
            ..BatchTask::default()
        };
        assert_eq!(check(&(0..names.len()).map(task).collect::<Vec<_>>()), Ok(()));
    }
}
