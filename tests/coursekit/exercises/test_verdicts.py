"""No evidence cell may compare what an answer gave, however it goes about it."""

import pytest

from coursekit.exercises.verdicts import verdicts

VERDICTS = [
    'evidence("q", value=f(2) > 3)',
    'evidence("q", value=not f(2))',
    'evidence("q", value=1 if f(2) == 3 else 0)',
    'evidence("q", value=f(2) in (3, 4))',
    'evidence("q", value=f"{f(2) == 3}")',
    'evidence("q", value=bool(f(x)))',
    'evidence("q", value=(v := f(2)) == 3)',
    'evidence("q", value=operator.eq(f(2), 3))',
    'from operator import eq as e\nevidence("q", value=e(f(2), 3))',
    'same = operator.eq\nevidence("q", value=same(f(2), 3))',
    'evidence("q", value=sum(map(operator.eq, [f(1)], [2])))',
    'evidence("q", value=np.equal(f(2), 3))',
    'evidence("q", value=f(2).__eq__(3))',
    'evidence("q", value=pd.Series(f(2)).eq(3))',
    'evidence("q", value=np.where(f(x) == t, 1, 0))',
    'evidence("q", value=np.sign(f(2) - 3))',
    'evidence("q", value=abs(f(x) - t).max())',
    'evidence("q", value=np.abs(np.asarray(f(x)) - t).max())',
    'evidence("q", value=np.linalg.norm(f(x) - t))',
    'evidence("q", value={3: 1}.get(f(2), 0))',
    'evidence("q", value=np.allclose(g, 3))',
    'evidence("q", value=accuracy_score(y, f(x)))',
    'evidence("q", value=(lambda a: a == 3)(f(2)))',
    'evidence("q", value=list(map(lambda a: a == 3, f(x))))',
    'def same(a, b):\n    return a == b\n\n\nevidence("q", value=same(f(2), 3))',
    'if (v := f(2)) > 3:\n    ok = 1\nelse:\n    ok = 0\nevidence("q", value=ok)',
    "match f(2):\n    case 3:\n        ok = 1\n    case _:\n        ok = 0\n",
    'vs = []\nvs.append(f(1))\nevidence("q", value=[v == 3 for v in vs])',
    'vs = [f(i) for i in t]\nevidence("q", value=sum(v == i for v, i in zip(vs, t)))',
    'found = {}\nfound["a"] = f(1)\nevidence("q", value=found["a"] == 3)',
    'class Mine(f):\n    pass\n\n\nevidence("q", value=Mine().x == 3)',
    'with f(2) as c:\n    evidence("q", value=c.status == 200)',
    'try:\n    1 / (f(2) == 3)\nexcept ZeroDivisionError:\n    evidence("q", value=0)',
    "assert f(2) == 3",
    'evidence("q", value=f(2), passed=[1])',
    'expected = [1, 2]\nevidence("q", value=f(2))',
]


@pytest.mark.parametrize("code", VERDICTS)
def test_a_verdict_is_refused_with_its_line(code):
    found = verdicts(code, ["f"])
    assert found
    assert all(1 <= line <= len(code.splitlines()) for line, _ in found)


PLANTED = """
def planted(rng, fault):
    if fault == 3:
        return 0
    return 1

evidence("q", names=[f(planted(rng, i)) for i in t])
"""
VALUES = [
    PLANTED,
    'evidence("q", value=f(X, y > 3))',
    'evidence("q", value=f(np.where(x > 0, x, 0)))',
    'evidence("q", value=np.array(f(x), dtype=bool))',
    'x = x[x > 2]\nevidence("q", value=f(x), size=len(f(x)))',
    'kept = x.copy()\nf(x)\nevidence("q", change=x - kept)',
    'y = (rng.random(9) < p).astype(float)\nevidence("q", theta=f(x, y), y=y)',
    'values = [f(i) for i in range(3) if i != 1]\nevidence("q", values=values)',
    'r = f(2)\nevidence("q", value=r["body"] if r["status"] == 200 else [])',
    'evidence("q", value=f(2) - before)',
]


@pytest.mark.parametrize("code", VALUES)
def test_an_honest_value_is_let_through(code):
    assert verdicts(code, ["f"]) == []
