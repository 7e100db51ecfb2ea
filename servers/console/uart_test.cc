extern "C" {
#include "servers/console/uart.h"

#include "servers/console/registers.h"
}

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <string>

namespace {

// A 16550, of which the sender's side is sent as fast as the test says.
struct Device {
  bool fifos_on = false;
  std::deque<uint8_t> received, to_send;
  std::string sent;
  uint8_t interrupts = 0;
  unsigned sent_per_read = 0;  // bytes that go out between two looks at the line status
  unsigned overruns = 0;

  size_t limit() const { return fifos_on ? 16 : 1; }

  // false: there is no room, the byte stays with its sender.
  bool Receive(uint8_t byte) {
    if (received.size() >= limit()) return false;
    received.push_back(byte);
    return true;
  }

  void Send(size_t count) {
    for (; count != 0 && !to_send.empty(); count--) {
      sent += static_cast<char>(to_send.front());
      to_send.pop_front();
    }
  }

  uint8_t Status() {
    uint8_t status = to_send.empty() ? 0x60 : 0;
    Send(sent_per_read);
    return status | (received.empty() ? 0 : 1);
  }

  uint8_t Data() {
    uint8_t byte = 0;
    if (!received.empty()) {
      byte = received.front();
      received.pop_front();
    }
    return byte;
  }

  void FifoControl(uint8_t value) {
    bool on = (value & 1) != 0;
    if (on != fifos_on || (value & 2)) received.clear();
    if (on != fifos_on || (value & 4)) to_send.clear();
    fifos_on = on;
  }

  void Put(uint8_t byte) {
    if (to_send.size() >= limit()) overruns++;
    to_send.push_back(byte);
  }
};

Device *device;

}  // namespace

extern "C" {

uint8_t register_read(volatile uint8_t *registers, uint32_t number) {
  EXPECT_EQ(registers, nullptr);
  switch (number) {
    case 0:
      return device->Data();
    case 2:
      return device->fifos_on ? 0xc1 : 1;
    case 5:
      return device->Status();
    default:
      ADD_FAILURE() << "reads register " << number;
      return 0;
  }
}

void register_write(volatile uint8_t *registers, uint32_t number, uint8_t value) {
  EXPECT_EQ(registers, nullptr);
  switch (number) {
    case 0:
      return device->Put(value);
    case 1:
      device->interrupts = value;
      return;
    case 2:
      return device->FifoControl(value);
    case 3:
      EXPECT_EQ(value & 0x80, 0) << "the divisor would be in the place of the data";
      return;
    case 4:
      EXPECT_EQ(value & 0x10, 0) << "what is sent would come back";
      return;
    default:
      ADD_FAILURE() << "writes register " << number;
  }
}

}  // extern "C"

namespace {

constexpr uint8_t kReceived = 1, kSent = 2;

class Uart : public testing::Test {
 protected:
  Uart() { device = &device_; }

  void StartWithFifos() {
    device_.fifos_on = true;
    uart_start(nullptr);
  }

  void Put(const std::string &text) { uart_put(text.data(), text.size()); }

  std::string Get() {
    std::string text;
    for (int byte; (byte = uart_get()) >= 0;) text += static_cast<char>(byte);
    return text;
  }

  Device device_;
};

TEST_F(Uart, StartKeepsWhatWaitsInTheFifo) {
  device_.fifos_on = true;
  for (char c : std::string("0123456789abcdef")) ASSERT_TRUE(device_.Receive(c));
  uart_start(nullptr);
  EXPECT_EQ(device_.interrupts, kReceived);
  EXPECT_EQ(Get(), "0123456789abcdef");
}

TEST_F(Uart, StartKeepsTheByteThatWaitsWithoutFifos) {
  ASSERT_TRUE(device_.Receive('a'));
  uart_start(nullptr);
  EXPECT_TRUE(device_.fifos_on);
  ASSERT_TRUE(device_.Receive('b'));
  EXPECT_EQ(Get(), "ab");
  EXPECT_EQ(uart_get(), -1);
}

TEST_F(Uart, StartWithoutInputGivesNone) {
  uart_start(nullptr);
  EXPECT_TRUE(device_.fifos_on);
  EXPECT_EQ(uart_get(), -1);
}

TEST_F(Uart, EveryByteIsReceivedAsItIs) {
  StartWithFifos();
  for (int byte = 0; byte < 256; byte++) {
    ASSERT_TRUE(device_.Receive(static_cast<uint8_t>(byte)));
    ASSERT_EQ(uart_get(), byte);
  }
}

TEST_F(Uart, BytesStayInTheDeviceWhileNobodyListens) {
  StartWithFifos();
  uart_listen(false);
  EXPECT_EQ(device_.interrupts, 0);
  ASSERT_TRUE(device_.Receive('a'));
  Put("out");
  uart_listen(true);
  EXPECT_EQ(device_.interrupts, kReceived);
  EXPECT_EQ(Get(), "a");
}

TEST_F(Uart, WhatDoesNotFitIsQueuedAndRaisesAnInterruptUntilItIsSent) {
  StartWithFifos();
  Put("0123456789abcdefGHIJ");
  EXPECT_EQ(uart_backlog(), 4u);
  EXPECT_EQ(device_.interrupts, kReceived | kSent);
  device_.Send(15);
  uart_send();
  EXPECT_EQ(uart_backlog(), 4u) << "there is room for sure only when the FIFO is empty";
  device_.Send(1);
  uart_send();
  EXPECT_EQ(uart_backlog(), 0u);
  EXPECT_EQ(device_.interrupts, kReceived);
  device_.Send(16);
  EXPECT_EQ(device_.sent, "0123456789abcdefGHIJ");
}

TEST_F(Uart, AFullQueueWaitsForTheDevice) {
  StartWithFifos();
  device_.sent_per_read = 1;
  std::string text(100000, 0);
  for (size_t i = 0; i < text.size(); i++) text[i] = static_cast<char>(i * 7);
  Put(text);
  EXPECT_GT(uart_backlog(), 0u);
  uart_drain();
  EXPECT_EQ(uart_backlog(), 0u);
  EXPECT_EQ(device_.sent, text);
  EXPECT_EQ(device_.overruns, 0u);
}

// Both directions at once, with a device and a far end of random speed.
TEST_F(Uart, NothingIsLostOrReordered) {
  std::mt19937 random(1);
  StartWithFifos();
  std::string put, put_in, got;
  for (int step = 0; step < 200000; step++) {
    char byte = static_cast<char>(random());
    switch (random() % 5) {
      case 0:
        if (device_.Receive(static_cast<uint8_t>(byte))) put_in += byte;
        break;
      case 1:
        if (int taken = uart_get(); taken >= 0) got += static_cast<char>(taken);
        break;
      case 2:
        if (uart_backlog() < 1000) {
          std::string text(random() % 40, byte);
          put += text;
          Put(text);
        }
        break;
      case 3:
        device_.Send(random() % 17);
        break;
      case 4:
        uart_send();
        break;
    }
    ASSERT_EQ((device_.interrupts & kSent) != 0, uart_backlog() != 0);
  }
  device_.sent_per_read = 1;
  uart_drain();
  EXPECT_EQ(got + Get(), put_in);
  EXPECT_EQ(device_.sent, put);
  EXPECT_EQ(device_.overruns, 0u);
}

}  // namespace
