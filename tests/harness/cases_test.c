#include "tests/harness/cases.h"

CASE(Cases, AreFoundByName) { CHECK(!case_has_failed()); }

CASE(Cases, CompareIntegers) { CHECK_EQ(6 * 7, 42L); }
