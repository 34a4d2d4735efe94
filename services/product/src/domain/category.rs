//! The tree of categories.

use std::collections::{BTreeMap, BTreeSet};

use primitives::CategoryId;

/// A category with the number of public products in it alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flat {
    pub(crate) id: CategoryId,
    pub(crate) parent_id: Option<CategoryId>,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) products: i64,
}

/// A category with those below it; the number counts the products of the whole branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Branch {
    pub(crate) id: CategoryId,
    pub(crate) parent_id: Option<CategoryId>,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) products: i64,
    pub(crate) children: Vec<Branch>,
}

/// Grows the tree; siblings keep the order of the list.
pub(crate) fn tree(list: Vec<Flat>) -> Vec<Branch> {
    let mut by_parent = BTreeMap::<Option<CategoryId>, Vec<Flat>>::new();
    for category in list {
        by_parent
            .entry(category.parent_id)
            .or_default()
            .push(category);
    }
    branches(&mut by_parent, None)
}

fn branches(
    by_parent: &mut BTreeMap<Option<CategoryId>, Vec<Flat>>,
    parent: Option<CategoryId>,
) -> Vec<Branch> {
    let list = by_parent.remove(&parent).unwrap_or_default();
    list.into_iter()
        .map(|flat| {
            let children = branches(by_parent, Some(flat.id));
            let products = flat.products + children.iter().map(|child| child.products).sum::<i64>();
            Branch {
                id: flat.id,
                parent_id: flat.parent_id,
                slug: flat.slug,
                name: flat.name,
                products,
                children,
            }
        })
        .collect()
}

/// How deep the tree may be.
pub(crate) const MAX_DEPTH: usize = 8;

/// Why a category cannot hang where it is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlaceError {
    /// There is no such parent.
    UnknownParent,
    /// It would be below itself.
    Cycle,
    /// The tree would be too deep.
    TooDeep,
}

/// Checks a place in the tree given as child → parent. `id` is absent for a new category.
pub(crate) fn check_place(
    parents: &BTreeMap<CategoryId, Option<CategoryId>>,
    id: Option<CategoryId>,
    parent: Option<CategoryId>,
) -> Result<(), PlaceError> {
    let Some(parent) = parent else { return Ok(()) };
    let mut depth = 1;
    let mut above = Some(parent);
    while let Some(category) = above {
        if Some(category) == id {
            return Err(PlaceError::Cycle);
        }
        above = *parents.get(&category).ok_or(PlaceError::UnknownParent)?;
        depth += 1;
        if depth > MAX_DEPTH {
            return Err(PlaceError::TooDeep);
        }
    }
    if depth - 1 + id.map_or(1, |id| height(parents, id)) > MAX_DEPTH {
        Err(PlaceError::TooDeep)
    } else {
        Ok(())
    }
}

/// Levels of a branch, itself included.
fn height(parents: &BTreeMap<CategoryId, Option<CategoryId>>, root: CategoryId) -> usize {
    let mut levels = 0;
    let mut row = BTreeSet::from([root]);
    while !row.is_empty() && levels <= MAX_DEPTH {
        levels += 1;
        row = parents
            .iter()
            .filter(|(_, parent)| parent.is_some_and(|parent| row.contains(&parent)))
            .map(|(id, _)| *id)
            .collect();
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> CategoryId {
        CategoryId::from(uuid::Uuid::from_u128(n))
    }

    fn flat(n: u128, parent: Option<u128>, products: i64) -> Flat {
        Flat {
            id: id(n),
            parent_id: parent.map(id),
            slug: n.to_string(),
            name: n.to_string(),
            products,
        }
    }

    #[test]
    fn a_branch_counts_what_is_below_it() {
        let tree = tree(vec![
            flat(1, None, 1),
            flat(2, Some(1), 2),
            flat(3, Some(2), 4),
            flat(4, None, 8),
        ]);
        assert_eq!(
            tree.iter()
                .map(|branch| branch.products)
                .collect::<Vec<_>>(),
            [7, 8]
        );
        assert_eq!(tree[0].children[0].children[0].products, 4);
    }

    #[test]
    fn places_are_checked() {
        let parents = BTreeMap::from([(id(1), None), (id(2), Some(id(1))), (id(3), Some(id(2)))]);
        assert_eq!(
            check_place(&parents, Some(id(1)), Some(id(3))),
            Err(PlaceError::Cycle)
        );
        assert_eq!(
            check_place(&parents, Some(id(1)), Some(id(1))),
            Err(PlaceError::Cycle)
        );
        assert_eq!(
            check_place(&parents, None, Some(id(9))),
            Err(PlaceError::UnknownParent)
        );
        assert_eq!(check_place(&parents, Some(id(3)), Some(id(1))), Ok(()));
        let line: BTreeMap<_, _> = (1..=8)
            .map(|n| (id(n), (n > 1).then(|| id(n - 1))))
            .collect();
        assert_eq!(
            check_place(&line, None, Some(id(8))),
            Err(PlaceError::TooDeep)
        );
        assert_eq!(check_place(&line, None, Some(id(7))), Ok(()));
    }
}
