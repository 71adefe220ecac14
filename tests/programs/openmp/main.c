// An OpenMP program with four threads whose output does not depend on who comes first.
#include <omp.h>
#include <stdio.h>

static long counter;
static int mine = 100;
#pragma omp threadprivate(mine)

static long sum_of_squares(long count)
{
    long sum = 0;
#pragma omp parallel for num_threads(4) reduction(+ : sum) schedule(dynamic, 64)
    for (long i = 1; i <= count; i++)
        sum += i * i;
    return sum;
}

static long fibonacci(int n)
{
    long a, b;
    if (n < 2)
        return n;
#pragma omp task shared(a) if (n > 12)
    a = fibonacci(n - 1);
#pragma omp task shared(b) if (n > 12)
    b = fibonacci(n - 2);
#pragma omp taskwait
    return a + b;
}

int main(void)
{
    int threads = 0, seen = 0, copies = 0;
    long fib = 0;
#pragma omp parallel num_threads(4) copyin(mine) reduction(+ : copies)
    {
#pragma omp single
        threads = omp_get_num_threads();
#pragma omp critical
        seen |= 1 << omp_get_thread_num();
        mine += omp_get_thread_num();
        copies += mine;
#pragma omp for
        for (int i = 0; i < 1000; i++) {
#pragma omp atomic
            counter += i;
        }
#pragma omp single
        fib = fibonacci(18);
    }
    printf("threads %d, seen %x, copies %d\n", threads, seen, copies);
    printf("sum of squares %ld\n", sum_of_squares(100000));
    printf("counter %ld, fibonacci %ld\n", counter, fib);
    return threads == 4 ? 0 : 1;
}
