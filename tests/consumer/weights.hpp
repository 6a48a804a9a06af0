// What the tasks of a consumer's application need, in a library of its own.
#pragma once

double weight(int number);
