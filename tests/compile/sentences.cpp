// Programs that do not compile, each under its number, behind the sentence that the compiler's first error must hold.
#include "sentences.hpp"

int add(int a, int b) { return a + b; }

int main() {
  mw::Master master;

#if CASE == 1  // says: the function is a template argument
  std::ignore = master.submit_task(add, 1, 2);
#elif CASE == 2   // says: the function is a template argument
  std::ignore = master.submit_task([](int a) { return a; }, 1);
#elif CASE == 3   // says: What a lambda captures is handed over as an argument
  const int k = rand();
  std::ignore = master.submit_task([k](int a) { return a + k; }, 1);
#elif CASE == 4   // says: the function is a template argument
  std::ignore = master.submit_task({.retries = 2}, add, 1, 2);
#elif CASE == 5   // says: the function is a template argument
  master.map(add, std::vector<std::pair<int, int>>{});
#elif CASE == 6   // says: the function is a template argument
  std::ignore = master.submit_task(&Own::value, Own{});
#elif CASE == 7   // says: CppMW cannot send a pointer to a worker
  std::ignore = master.submit_task<[](const char* text) { return *text; }>("a");
#elif CASE == 8   // says: CppMW cannot send a pointer to a worker
  std::ignore = master.submit_task<[](int) -> int* { return nullptr; }>(1);
#elif CASE == 9   // says: CppMW cannot send a pointer to a worker
  std::ignore = master.submit_task<[](const Outer& outer) { return outer.number; }>(Outer{});
#elif CASE == 10  // says: CppMW cannot send a pointer to a worker
  std::ignore = master.submit_task<[](std::map<int, std::vector<Outer>>) { return 1; }>({});
#elif CASE == 11  // says: CppMW cannot send a pointer to a worker
  std::ignore = master.submit_task<[](int) { return std::optional<Outer>{}; }>(1);
#elif CASE == 12  // says: CppMW cannot send a pointer to a worker
  std::ignore = master.submit_task<[](int (*f)(int, int)) { return f(1, 2); }>(add);
#elif CASE == 13  // says: CppMW cannot send a pointer to a worker
  std::ignore = master.submit_task<[](int Own::*) { return 1; }>(nullptr);
#elif CASE == 14  // says: CppMW cannot send a string_view or a span
  std::ignore = master.submit_task<[](std::string_view text) { return text.size(); }>("abc");
#elif CASE == 15  // says: CppMW cannot send a string_view or a span
  std::ignore = master.submit_task<[](std::span<const double> values) { return values.size(); }>(std::vector<double>{});
#elif CASE == 16  // says: CppMW cannot send a string_view or a span
  std::ignore = master.submit_task<[](int) { return std::string_view{"static"}; }>(1);
#elif CASE == 17  // says: CppMW cannot send a shared_ptr
  std::ignore = master.submit_task<[](std::shared_ptr<int> p) { return *p; }>(std::make_shared<int>(1));
#elif CASE == 18  // says: CppMW cannot encode a long double
  std::ignore = master.submit_task<[](long double x) { return 1; }>(1.0L);
#elif CASE == 19  // says: CppMW cannot encode a long double
  std::ignore = master.submit_task<[](std::vector<std::complex<long double>>) { return 1; }>({});
#elif CASE == 20  // says: CppMW cannot encode an aggregate with a C array in it
  std::ignore = master.submit_task<[](const WithArray& a) { return a.x[0]; }>(WithArray{});
#elif CASE == 21  // says: CppMW cannot encode an aggregate with a C array in it
  std::ignore = master.submit_task<[](const std::vector<WithText>& a) { return a.size(); }>({});
#elif CASE == 22  // says: CppMW cannot encode this type: it is no plain aggregate
  std::ignore = master.submit_task<[](const Closed& a) { return a.value(); }>(Closed{});
#elif CASE == 23  // says: CppMW cannot encode this type: it is no plain aggregate
  std::ignore = master.submit_task<[](std::function<int()> g) { return g(); }>([] { return 1; });
#elif CASE == 24  // says: CppMW cannot encode this type: it is no plain aggregate
  std::ignore = master.submit_task<[](int) { return std::thread{}; }>(1);
#elif CASE == 25  // says: CppMW cannot decode this type, which has no default constructor
  std::ignore = master.submit_task<[](const NoDefault& a) { return a.x; }>(NoDefault{1});
#elif CASE == 26  // says: CppMW cannot decode this type, which has no default constructor
  std::ignore = master.submit_task<[](int a) { return std::vector<NoDefault>(1, NoDefault{a}); }>(1);
#elif CASE == 27  // says: only the base class would travel
  std::ignore = master.submit_task<[](const Base& b) { return b.a; }>(Derived{});
#elif CASE == 28  // says: only the base class would travel
  std::ignore = master.submit_task<[](Base b, int) { return b.a; }>({.retries = 2}, Derived{}, 1);
#elif CASE == 29  // says: A member function needs a free function around it
  std::ignore = master.submit_task<&Closed::value>(Closed{});
#elif CASE == 30  // says: f takes a reference that it may write to
  int out = 0;
  std::ignore = master.submit_task<[](int& a) { a = 1; }>(out);
#elif CASE == 31  // says: f is a generic lambda
  std::ignore = master.submit_task<[](auto a) { return a; }>(1);
#elif CASE == 32  // says: f is a mutable lambda
  std::ignore = master.submit_task<[](int a) mutable { return a++; }>(1);
#elif CASE == 33  // says: f takes any number of arguments
  std::ignore = master.submit_task<printf>("a");
#elif CASE == 34  // says: not the number of arguments that f takes
  std::ignore = master.submit_task<add>(1);
#elif CASE == 35  // says: not the number of arguments that f takes
  std::ignore = master.submit_task<add>({.retries = 2}, 1, 2, 3);
#elif CASE == 36  // says: an argument does not convert to what f takes
  std::ignore = master.submit_task<add>("x", 2);
#elif CASE == 37  // says: CppMW cannot send a pointer to a worker
  for (int value : master.map<[](const Outer& outer) { return outer.number; }>(std::vector<Outer>{})) std::ignore = value;
#elif CASE == 38  // says: CppMW cannot send a string_view or a span
  for (auto value : master.map<[](int) { return std::string_view{}; }>(std::vector<int>{})) std::ignore = value;
#elif CASE == 39  // says: CppMW cannot send a pointer to a worker
  mw::SystemTasks<int>* tasks = nullptr;
  std::ignore = tasks->submit<[](const int* a) { return *a; }>(nullptr);
#elif CASE == 40  // says: f has more than 16 parameters
  std::ignore = master.submit_task<seventeen>(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17);
#elif CASE == 41  // says: CppMW cannot send a pointer to a worker
  std::ignore = master.share(Outer{});
#elif CASE == 42  // says: a task cannot return a mw::Shared
  std::ignore = master.submit_task<[](const mw::Shared<int>& a) { return a; }>(master.share(1));
#elif CASE == 43  // says: an argument does not convert to what f takes
  std::ignore = master.submit_task<add>(master.share(std::string{"x"}), 2);
#elif CASE == 44  // says: CppMW shares spans of numbers only
  std::ignore = master.share(std::span<const std::string>{});
#elif CASE == 45  // says: an argument of a mw::Remote function has no form as a mw::Value
  std::ignore = master.submit_task(mw::Remote{"f"}, 1, static_cast<int*>(nullptr));
#elif CASE == 46  // says: an argument of a mw::Remote function has no form as a mw::Value
  std::ignore = master.submit_task({.retries = 1}, mw::Remote<int>{"f"}, master.share(1));
#elif CASE == 47  // says: an element of the range does not convert
  for (int value : master.map(mw::Remote<int>{"f"}, std::vector<int*>{})) std::ignore = value;
#elif CASE == 48  // says: mw::Value has no form for this type
  std::ignore = master.submit_task(mw::Remote<Outer>{"f"}, 1);
#else
  std::ignore = master.submit_task(mw::Remote<std::vector<int>>{"f"}, 1, "x");
  std::ignore = master.submit_task<add>(1, 2);
  std::ignore = master.submit_task<add>(master.share(1), 2);
#endif
}
