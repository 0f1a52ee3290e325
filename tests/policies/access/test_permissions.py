"""Who may do what, where people sign in."""

import pytest

from models.role import Role
from policies.access.permissions import ROLES_OF_A_KEY, may


@pytest.mark.parametrize(
    ("held", "allowed"),
    [
        ([], []),
        ([Role.READER], [Role.READER]),
        ([Role.OPERATOR], [Role.READER, Role.OPERATOR]),
        ([Role.APPROVER], [Role.READER, Role.APPROVER]),
        ([Role.OPERATOR, Role.APPROVER], [Role.READER, Role.OPERATOR, Role.APPROVER]),
        (ROLES_OF_A_KEY, [Role.READER, Role.OPERATOR]),
    ],
)
def test_each_role_allows_its_own_and_every_role_allows_to_read(held, allowed):
    assert [role for role in Role if may(held, role)] == allowed
