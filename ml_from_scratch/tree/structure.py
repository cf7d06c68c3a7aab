"""A fitted tree: a few arrays with one entry a node, and what can be read off them.

Nodes are numbered as a reader meets them who always goes left first, so that the root
is 0 and every left child stands right behind its parent. The names of the arrays are
scikit-learn's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ml_from_scratch.base import Floats, Integers

LEAF = -1  # the child of a node that has none
NO_FEATURE = -2  # the feature, and the threshold, of a node that asks nothing


@dataclass(frozen=True)
class Tree:
    """The arrays of a fitted tree.

    Parameters
    ----------
    children_left, children_right : array of shape (n_nodes,)
        Where rows go whose value is at most, or above, the threshold; -1 in leaves.
    feature : array of shape (n_nodes,)
        The column that a node asks about; -2 in leaves.
    threshold : array of shape (n_nodes,)
        The value that it compares with; -2 in leaves.
    value : array of shape (n_nodes, 1, k)
        Shares of the k classes, or (k = 1) the mean target.
    impurity : array of shape (n_nodes,)
        How mixed the targets are, by the criterion.
    n_node_samples : array of shape (n_nodes,)
        Training rows that came by.
    weighted_n_node_samples : array of shape (n_nodes,)
        Their weight.
    n_features : int
        Columns of the training data.

    Notes
    -----
    A row is followed down in O(depth); all rows are followed at once, a level a step.

    Taught in: classical/trees-and-forests.

    Examples
    --------
    >>> from ml_from_scratch.tree import DecisionTreeRegressor
    >>> X, y = np.array([[1.0], [2.0], [3.0]]), [0.0, 0.0, 9.0]
    >>> tree = DecisionTreeRegressor().fit(X, y).tree_
    >>> tree.children_left.tolist(), tree.threshold.tolist()
    ([1, -1, -1], [2.5, -2.0, -2.0])
    >>> tree.value.ravel().tolist(), tree.max_depth, tree.n_leaves
    ([3.0, 0.0, 9.0], 1, 2)
    """

    children_left: Integers
    children_right: Integers
    feature: Integers
    threshold: Floats
    value: Floats
    impurity: Floats
    n_node_samples: Integers
    weighted_n_node_samples: Floats
    n_features: int

    @property
    def node_count(self) -> int:
        """Number of nodes."""
        return len(self.feature)

    @property
    def n_leaves(self) -> int:
        """Number of nodes without children."""
        return int(self.is_leaf.sum())

    @property
    def is_leaf(self) -> NDArray[np.bool_]:
        """Whether each node is a leaf."""
        return np.equal(self.children_left, LEAF)

    @property
    def max_depth(self) -> int:
        """Number of questions on the longest way down."""
        return int(self.depths().max())

    def depths(self) -> Integers:
        """Return the number of questions above each node.

        Returns
        -------
        numpy.ndarray of shape (n_nodes,)
            0 for the root.
        """
        depth = np.zeros(self.node_count, dtype=np.intp)
        here = np.array([0])
        while len(here := here[~self.is_leaf[here]]):
            for children in (self.children_left[here], self.children_right[here]):
                depth[children] = depth[here] + 1
            here = np.append(self.children_left[here], self.children_right[here])
        return depth

    def apply(self, X: Floats) -> Integers:
        """Return the leaf in which each row ends.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Numbers of leaves.
        """
        node = np.zeros(len(X), dtype=np.intp)
        walking = np.arange(len(X) if self.feature[0] >= 0 else 0)
        while len(walking):  # once a level, with the rows that are in no leaf yet
            here = node[walking]
            goes_left = X[walking, self.feature[here]] <= self.threshold[here]
            here = np.where(
                goes_left, self.children_left[here], self.children_right[here]
            )
            node[walking] = here
            walking = walking[self.feature[here] >= 0]
        return node

    def predict(self, X: Floats) -> Floats:
        """Return the value of the leaf in which each row ends.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows.

        Returns
        -------
        numpy.ndarray of shape (n, k)
            Class shares, or the mean target.
        """
        values: Floats = self.value[self.apply(X), 0]
        return values

    def decision_path(self, X: Floats) -> sparse.csr_matrix:
        """Return which nodes each row passes, its leaf included.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows.

        Returns
        -------
        scipy.sparse.csr_matrix of shape (n, n_nodes)
            1 where a row passes a node.
        """
        parents = self.parents()
        rows, node = np.arange(len(X)), self.apply(X)
        passed = []
        while len(rows):  # from the leaves up
            passed.append((rows, node))
            rows, node = rows[parents[node] >= 0], parents[node[parents[node] >= 0]]
        at, nodes = (np.concatenate(part) for part in zip(*passed, strict=True))
        ones, shape = np.ones(len(at), dtype=np.int64), (len(X), self.node_count)
        return sparse.csr_matrix((ones, (at, nodes)), shape=shape)

    def parents(self) -> Integers:
        """Return the parent of each node.

        Returns
        -------
        numpy.ndarray of shape (n_nodes,)
            -1 for the root.
        """
        parent = np.full(self.node_count, -1)
        inner = np.flatnonzero(~self.is_leaf)
        parent[self.children_left[inner]] = inner
        parent[self.children_right[inner]] = inner
        return parent

    def feature_importances(self) -> Floats:
        """Return each feature's share of the impurity that the splits took away.

        Returns
        -------
        numpy.ndarray of shape (n_features,)
            Shares that sum to one; zeros if there is no split.
        """
        lost = self.impurity_lost()
        total = lost.sum()
        return lost / total if total > 0 else np.zeros(self.n_features)

    def impurity_lost(self) -> Floats:
        """Return how much impurity went with the splits on each feature.

        Returns
        -------
        numpy.ndarray of shape (n_features,)
            Per unit of weight in the root.
        """
        mass = self.weighted_n_node_samples * self.impurity
        inner = ~self.is_leaf
        left, right = self.children_left[inner], self.children_right[inner]
        gone = mass[inner] - mass[left] - mass[right]
        gone = gone / self.weighted_n_node_samples[0]
        lost = np.bincount(self.feature[inner], gone, minlength=self.n_features)
        return np.asarray(lost, dtype=np.float64)

    def pruned(self, cut: Integers) -> Tree:
        """Return the tree in which some nodes have become leaves.

        Parameters
        ----------
        cut : array of shape (m,)
            Nodes whose descendants go.

        Returns
        -------
        Tree
            With the nodes that are left, numbered anew in the same order.
        """
        left, right = self.children_left.copy(), self.children_right.copy()
        left[cut] = right[cut] = LEAF
        kept = np.zeros(self.node_count, dtype=bool)
        here = np.array([0])
        while len(here):
            kept[here] = True
            here = here[left[here] != LEAF]
            here = np.append(left[here], right[here])
        number = np.append(np.cumsum(kept) - 1, LEAF)  # the last entry serves LEAF
        asks = left[kept] != LEAF
        return Tree(
            number[left[kept]],
            number[right[kept]],
            np.where(asks, self.feature[kept], NO_FEATURE),
            np.where(asks, self.threshold[kept], NO_FEATURE),
            self.value[kept],
            self.impurity[kept],
            self.n_node_samples[kept],
            self.weighted_n_node_samples[kept],
            self.n_features,
        )


class PruningPath(NamedTuple):
    """The subtrees that cost-complexity pruning passes, from the whole tree to a root.

    Parameters
    ----------
    ccp_alphas : array of shape (m,)
        The price of a leaf at which each subtree becomes the best, ascending.
    impurities : array of shape (m,)
        The mean impurity of its leaves.

    Notes
    -----
    Taught in: classical/trees-and-forests.

    Examples
    --------
    >>> from ml_from_scratch.tree import DecisionTreeClassifier
    >>> X, y = np.array([[1.0], [2.0], [3.0], [4.0]]), [0, 1, 1, 1]
    >>> path = DecisionTreeClassifier().cost_complexity_pruning_path(X, y)
    >>> path.ccp_alphas.tolist(), path.impurities.tolist()
    ([0.0, 0.375], [0.0, 0.375])
    """

    ccp_alphas: Floats
    impurities: Floats


class WeakestLinks(NamedTuple):
    """In which order pruning cuts the nodes of a tree, and at which price each."""

    nodes: list[int]
    alphas: list[float]
    impurities: list[float]


def weakest_links(tree: Tree) -> WeakestLinks:
    """Cut the node whose leaves are the worst bargain, and so on up to the root.

    A node t with leaves T costs R(t) as a leaf and R(T) as it is; its leaves are worth
    keeping while a leaf costs less than (R(t) - R(T)) / (|T| - 1). R is the impurity
    times the share of the rows. Breiman et al. (1984), chapter 3. Each cut costs
    O(n_nodes).
    """
    share = tree.weighted_n_node_samples / tree.weighted_n_node_samples[0]
    as_leaf = share * tree.impurity
    inside = ~tree.is_leaf
    parents = tree.parents()
    as_branch, leaves = _sums_over_leaves(tree, as_leaf)
    links = WeakestLinks([], [0.0], [float(as_branch[0])])
    while inside[0]:
        inner = np.flatnonzero(inside)
        price = (as_leaf[inner] - as_branch[inner]) / (leaves[inner] - 1)
        weakest = int(inner[price.argmin()])
        links.nodes.append(weakest)
        links.alphas.append(float(price.min()))
        saved, fewer = as_leaf[weakest] - as_branch[weakest], leaves[weakest] - 1
        node = weakest
        while node >= 0:  # all nodes above lose these leaves
            as_branch[node] += saved
            leaves[node] -= fewer
            node = int(parents[node])
        links.impurities.append(float(as_branch[0]))
        inside[weakest : _end_of_branch(tree, weakest)] = False
    return links


def _sums_over_leaves(tree: Tree, cost: Floats) -> tuple[Floats, Integers]:
    """Return the cost, and the number, of the leaves below each node."""
    branch = np.where(tree.is_leaf, cost, 0.0)
    leaves = tree.is_leaf.astype(np.intp)
    for node in np.flatnonzero(~tree.is_leaf)[::-1]:  # children have higher numbers
        pair = [tree.children_left[node], tree.children_right[node]]
        branch[node], leaves[node] = branch[pair].sum(), leaves[pair].sum()
    return branch, leaves


def _end_of_branch(tree: Tree, node: int) -> int:
    """Return the number after the last descendant: they stand in one block."""
    while tree.children_right[node] != LEAF:
        node = int(tree.children_right[node])
    return node + 1


def prune(tree: Tree, alpha: float) -> Tree:
    """Cut all links that are not worth `alpha` a leaf."""
    links = weakest_links(tree)
    cut = [
        node
        for node, price in zip(links.nodes, links.alphas[1:], strict=True)
        if price <= alpha
    ]
    return tree.pruned(np.array(cut, dtype=np.intp)) if cut else tree
