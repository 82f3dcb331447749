"""One line a check: whether it holds, and by which figures."""

import sys
import time


class Report:
    def __init__(self):
        self.begun = time.monotonic()
        self.failed = []
        self.count = 0
        self.is_coloured = sys.stdout.isatty()

    def title(self, text):
        print("\n" + self._styled("1", text), flush=True)

    def note(self, what, figures=""):
        print("  · %-44s %s" % (what, figures), flush=True)

    def check(self, what, holds, figures, examples=()):
        """`examples`: what speaks against it; the first few are shown where it does not hold."""
        self.count += 1
        if holds:
            mark = self._styled("32", "✓")
        else:
            mark = self._styled("31", "✗")
            self.failed.append(what)
        print("  %s %-44s %s" % (mark, what, figures), flush=True)
        if not holds:
            for example in list(examples)[:10]:
                print("      %s" % (example,), flush=True)

    def check_none(self, what, examples, figures):
        """Holds where nothing speaks against it."""
        examples = list(examples)
        self.check(what, not examples, figures + ("; %d do not" % len(examples) if examples else ""), examples)

    def summary(self):
        """Answers whether all is well."""
        seconds = time.monotonic() - self.begun
        took = "%d min %02d s" % divmod(round(seconds), 60)
        if self.failed:
            failed = "%d of %d checks failed" % (len(self.failed), self.count)
            print("\n" + self._styled("31", failed), "in", took + ":")
            for what in self.failed:
                print("  ✗ " + what)
        else:
            print("\n" + self._styled("32", "All %d checks hold" % self.count) + ",", took, flush=True)
        return not self.failed

    def _styled(self, style, text):
        return "\x1b[%sm%s\x1b[0m" % (style, text) if self.is_coloured else text
