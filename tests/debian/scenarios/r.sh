# R's own BLAS, packages with native parts, and the message for one that is not there.
Rscript -e 'x <- 1:20; y <- x^2 + sin(x); print(summary(lm(y ~ x))); print(svd(matrix(1:9, 3))$d); print(loadedNamespaces()[1:3])' \
    -e 'library(stats4); library(splines); print(dim(bs(x, 5))); print(extSoftVersion()["PCRE"]); dyn.load("no.so")' || echo "status $?"
