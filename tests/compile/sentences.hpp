// What the programs in sentences.cpp share, precompiled.
#pragma once

#include <complex>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <mw/mw.hpp>
#include <mw/task_system.hpp>

struct Own {
  int value() const { return 1; }
};
struct Inner {
  double ratio = 0;
  int* pointer = nullptr;
};
struct Outer {
  int number = 0;
  Inner inner;
};
struct WithArray {
  double x[4];
};
struct WithText {
  int number;
  char name[8];
  Own own;
};
class Closed {
 public:
  int value() const { return value_; }

 private:
  int value_ = 0;
};
struct NoDefault {
  explicit NoDefault(int value) : x{value} {}
  template <class Archive>
  void serialize(Archive& archive) {
    archive(x);
  }
  int x;
};
struct Base {
  Base() = default;
  Base(const Base&) = default;
  virtual ~Base() = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(a);
  }
  int a = 0;
};
struct Derived : Base {
  int b = 0;
};
int seventeen(int, int, int, int, int, int, int, int, int, int, int, int, int, int, int, int, int);
