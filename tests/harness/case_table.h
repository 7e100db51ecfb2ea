// How a program of test cases knows them, whatever it reports them over.
#ifndef TESTS_HARNESS_CASE_TABLE_H
#define TESTS_HARNESS_CASE_TABLE_H

struct test_case {
  const char *name;
  void (*run)(void);
};

// The cases of all files of a program make one table, which the linker bounds.
#define CASE(suite, name)                                                             \
  static void suite##_##name(void);                                                   \
  static const struct test_case case_##suite##_##name __attribute__((                 \
      used, aligned(8), section("test_cases"))) = {#suite "." #name, suite##_##name}; \
  static void suite##_##name(void)

// Bounds of the table.
extern const struct test_case __start_test_cases[];
extern const struct test_case __stop_test_cases[];

#endif
