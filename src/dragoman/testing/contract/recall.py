"""A handler that stands apart from the declaration of its operation."""

from .kinds import Answer, Question
from .things import recall


@recall.handler
def answer(question: Question) -> Answer:
    """The same answer, each time."""
    return Answer(text=f"as before: {question.text}"[:1000], likely=1.0)
