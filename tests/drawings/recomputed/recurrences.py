from itertools import product


def one_matrix_twice() -> dict[str, float]:
    """By the words of two steps: letters of one matrix are alike, those of two are not."""
    numbers: dict[str, float] = {}
    for name, letters in (("one matrix", "WW"), ("fresh matrices", "VW")):
        found: dict[str, int] = {}
        for taken in product((False, True), repeat=2):
            word = "".join(letter for letter, here in zip(letters, taken, strict=True) if here)
            found[word] = found.get(word, 0) + 1
        for place in range(3):
            squares = [count**2 for word, count in found.items() if len(word) == place]
            numbers[f"{name} {place}"] = float(sum(squares))
        numbers[f"{name} total"] = float(sum(count**2 for count in found.values()))
    return numbers
