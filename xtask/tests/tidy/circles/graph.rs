//! Finds circles in a graph of numbered nodes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Who depends on whom.
#[derive(Debug)]
pub(super) struct Graph(BTreeMap<usize, BTreeSet<usize>>);

impl Graph {
    pub(super) fn new(edges: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut nodes: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for (from, to) in edges {
            nodes.entry(from).or_default().insert(to);
        }
        Self(nodes)
    }

    /// The shortest circles, until every node that is in any circle is in one of them.
    pub(super) fn circles(&self) -> Vec<Vec<usize>> {
        let mut circles: Vec<_> = self.0.keys().filter_map(|node| self.circle(*node)).collect();
        circles.sort_by_key(Vec::len);
        let mut seen = BTreeSet::new();
        circles.retain(|circle| circle.iter().filter(|node| seen.insert(**node)).count() > 0);
        circles
    }

    /// The shortest way from a node back to itself.
    fn circle(&self, start: usize) -> Option<Vec<usize>> {
        let mut from = BTreeMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            for &next in self.0.get(&node)? {
                if next == start {
                    let mut way = vec![node];
                    while let Some(before) = from.get(way.last()?) {
                        way.push(*before);
                    }
                    way.reverse();
                    return Some(way);
                }
                if self.0.contains_key(&next) && !from.contains_key(&next) {
                    from.insert(next, node);
                    queue.push_back(next);
                }
            }
        }
        None
    }
}

#[test]
fn circles_are_found() {
    let straight = [(1, 2), (2, 3), (1, 3)];
    assert!(Graph::new(straight).circles().is_empty());
    let pair_and_triangle = [(1, 2), (2, 1), (2, 3), (3, 4), (4, 5), (5, 3)];
    assert_eq!(Graph::new(pair_and_triangle).circles(), [vec![1, 2], vec![3, 4, 5]]);
}
