"""Errors that a user can act on. They are printed without a traceback, in one screen."""


class UserError(Exception):
    """Something in the user's hands is wrong: where, what, what is allowed, what to do.

    Parameters are plain text; ``where`` is a file, key or artifact.
    """

    def __init__(self, where: str, problem: str, allowed: str = "", remedy: str = "") -> None:
        self.where, self.problem, self.allowed, self.remedy = where, problem, allowed, remedy
        super().__init__(self.render())

    def render(self) -> str:
        """The message as it is shown."""
        lines = [f"learnability: error in {self.where}", f"  problem: {self.problem}"]
        if self.allowed:
            lines.append(f"  allowed: {self.allowed}")
        if self.remedy:
            lines.append(f"  remedy:  {self.remedy}")
        return "\n".join(lines)
