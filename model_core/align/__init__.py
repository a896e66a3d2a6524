"""From a recording and a finished edit of it to the edit list: what was cut, kept and repeated."""
