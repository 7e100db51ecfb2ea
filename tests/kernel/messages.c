// Calls, answers, forwards, notifications, the timer.

#include <errno.h>

#include "tests/kernel/cases.h"
#include "tests/kernel/objects.h"

extern const char child_caller[], child_echo[], child_forward[], child_asks[], child_notifies[];

CASE(Message, CallCarriesSixWordsAndTwoBadges) {
  handle_t endpoint = new_endpoint();
  struct child asker = new_child(41, new_endpoint());
  give(&asker, CHILD_OTHER, endpoint, RIGHT_CALL);
  start(&asker, child_asks, 100, 0);
  struct event event = next_event(endpoint);
  CHECK_EQ(token_kind(event.token), EVENT_CALL);
  CHECK_EQ(badge_origin(event.badge), 41);
  CHECK_EQ(badge_via(event.badge), CHILD_BADGE);
  for (uint32_t i = 0; i < CALL_WORDS; i++) CHECK_EQ(event.word[i], 100 + i);
}

CASE(Message, AnswerCarriesFiveWords) {
  handle_t endpoint = new_endpoint(), other = new_endpoint();
  struct child asker = new_child(1, endpoint);
  give(&asker, CHILD_OTHER, other, RIGHT_CALL);
  start(&asker, child_asks, 0, 0);
  struct event event = next_event(other);
  CHECK_EQ(kcall_reply(event.token, 11, 12, 13, 14, 15), 0);
  event = next_event(endpoint);
  for (uint32_t i = 0; i < REPLY_WORDS; i++) CHECK_EQ(event.word[i], 11 + i);
}

CASE(Message, BetweenTwoChildren) {
  handle_t endpoint = new_endpoint(), other = new_endpoint();
  struct child asker = new_child(1, endpoint), server = new_child(2, endpoint);
  give(&asker, CHILD_OTHER, other, RIGHT_CALL);
  give(&server, CHILD_OTHER, other, RIGHT_RECEIVE);
  start(&asker, child_asks, 500, 0);
  start(&server, child_echo, 0, 0);
  struct event event = next_event(endpoint);
  CHECK_EQ(badge_origin(event.badge), 1);
  for (uint32_t i = 0; i < REPLY_WORDS; i++) CHECK_EQ(event.word[i], 500 + i);
}

CASE(Message, ForwardedThroughThreeSpaces) {
  handle_t endpoint = new_endpoint(), first = new_endpoint(), second = new_endpoint();
  struct child asker = new_child(1, endpoint), middle = new_child(2, endpoint),
               server = new_child(3, endpoint);
  give(&asker, CHILD_OTHER, first, RIGHT_CALL);
  give(&middle, CHILD_OTHER, first, RIGHT_RECEIVE);
  give(&middle, CHILD_THIRD, second, RIGHT_CALL);
  give(&server, CHILD_OTHER, second, RIGHT_RECEIVE);
  start(&middle, child_forward, 0, 0);
  start(&server, child_echo, 0, 0);
  start(&asker, child_asks, 700, 0);
  struct event event = next_event(endpoint);
  CHECK_EQ(badge_origin(event.badge), 1);
  for (uint32_t i = 0; i < REPLY_WORDS; i++) CHECK_EQ(event.word[i], 700 + i);
}

CASE(Message, ManyRoundTrips) {
  handle_t endpoint = new_endpoint();
  struct child child = new_child(1, endpoint);
  start(&child, child_caller, 0, 0);
  struct event event = next_event(endpoint);
  for (uint64_t i = 1; i < 5000; i++) {
    kcall_reply_wait(event.token, endpoint, i, 0, 0, 0, 0, &event);
    CHECK_EQ(event.word[0], i);
  }
}

CASE(Message, TokensAreAnsweredOnce) {
  handle_t endpoint = new_endpoint();
  struct child child = new_child(1, endpoint);
  start(&child, child_caller, 0, 0);
  struct event event = next_event(endpoint);
  token_t old = event.token;
  for (uint64_t bit = 0; bit < 64; bit++)
    CHECK_EQ(kcall_reply(old ^ 1ull << bit, 0, 0, 0, 0, 0), -ESRCH);
  CHECK_EQ(kcall_reply(old, 1, 0, 0, 0, 0), 0);
  CHECK_EQ(kcall_reply(old, 2, 0, 0, 0, 0), -ESRCH);
  event = next_event(endpoint);
  CHECK_EQ(event.word[0], 1);
  CHECK(event.token != old);
  CHECK_EQ(kcall_reply(old, 3, 0, 0, 0, 0), -ESRCH);
  CHECK_EQ(kcall_forward(old, endpoint, 0, 0, 0, 0, 0), -ESRCH);
  CHECK_EQ(syscall3(SYS_REPLY_START, old, CHILD_CODE, 0), -ESRCH);
}

CASE(Message, TokensOfEndedThreadsDoNotComeBack) {
  handle_t endpoint = new_endpoint();
  struct child child = new_child(1, endpoint);
  uint32_t frame = object_frame();
  token_t old = 0;
  for (int i = 0; i < 3; i++) {
    handle_t thread = new_slot();
    CHECK_EQ(kcall(SYS_CREATE, OBJECT_THREAD, HANDLE_BOOT_RAM, frame, thread, child.space, 0, 0),
             0);
    CHECK_EQ(kcall(SYS_THREAD_START, thread, child_address(child_caller), 0, 5, 0, 0, 0), 0);
    struct event event = next_event(endpoint);
    CHECK(event.token != old);
    CHECK_EQ(kcall_reply(old, 0, 0, 0, 0, 0), -ESRCH);
    old = event.token;
    CHECK_EQ(destroy(thread), 0);
    CHECK_EQ(kcall_reply(old, 0, 0, 0, 0, 0), -ESRCH);
  }
}

CASE(Message, AnswersComeInAnyOrder) {
  handle_t endpoint = new_endpoint();
  struct event event[3];
  for (uint32_t i = 0; i < 3; i++) {
    struct child child = new_child(i, endpoint);
    start(&child, child_caller, i, 0);
    event[i] = next_event(endpoint);
    CHECK_EQ(badge_origin(event[i].badge), i);
  }
  for (uint32_t i = 3; i-- > 0;) {
    CHECK_EQ(kcall_reply(event[i].token, 50 + i, 0, 0, 0, 0), 0);
    struct event next = next_event(endpoint);
    CHECK_EQ(badge_origin(next.badge), i);
    CHECK_EQ(next.word[0], 50 + i);
  }
}

CASE(Message, NotificationNamesItsHandle) {
  handle_t endpoint = new_endpoint();
  struct child child = new_child(1, endpoint);
  start(&child, child_notifies, 0, 0);
  struct event event = next_event(endpoint);
  CHECK_EQ(token_kind(event.token), EVENT_NOTIFY);
  CHECK_EQ(event.badge, 1ull << CHILD_BADGE);
}

CASE(Message, NotificationsWaitAndAddUp) {
  handle_t endpoint = new_endpoint();
  handle_t three = new_copy(endpoint, RIGHT_NOTIFY, 3), nine = new_copy(endpoint, RIGHT_NOTIFY, 9);
  CHECK_EQ(kcall_notify(three), 0);
  CHECK_EQ(kcall_notify(nine), 0);
  CHECK_EQ(kcall_notify(three), 0);
  struct event event = next_event(endpoint);
  CHECK_EQ(event.badge, 1ull << 3 | 1ull << 9);
}

CASE(Message, TimerComesNotEarly) {
  handle_t endpoint = new_endpoint();
  for (uint32_t i = 0; i < 5; i++) {
    uint64_t deadline = rdtime() + i * boot->timebase / 200;
    CHECK_EQ(kcall_timer(endpoint, deadline), 0);
    struct event event;
    kcall_wait(endpoint, &event);
    CHECK_EQ(token_kind(event.token), EVENT_NOTIFY);
    CHECK(event.badge == NOTIFY_TIMER);
    CHECK(rdtime() >= deadline);
  }
}

CASE(Message, EndedEndpointRefusesWhoWaits) {
  handle_t endpoint = new_endpoint(), other = new_endpoint();
  struct child child = new_child(1, endpoint);
  give(&child, CHILD_OTHER, other, RIGHT_CALL);
  start(&child, child_asks, 0, 0);
  pause(5);
  CHECK_EQ(destroy(other), 0);
  struct event event = next_event(endpoint);
  // EPIPE if it waited by then, EBADF if it had yet to call.
  int64_t error = (int64_t)event.word[0];
  CHECK(error == -EPIPE || error == -EBADF);
}
