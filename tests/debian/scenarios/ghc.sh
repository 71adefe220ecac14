# GHC calls gcc, its programs have threads; -e links libraries in the compiler's own process.
cat >a.hs <<'H'
import Control.Concurrent
import qualified Data.Map as M
main = do
  v <- newEmptyMVar
  mapM_ (\n -> forkIO (putMVar v (product [1 .. n]))) [10 .. 14 :: Integer]
  rs <- mapM (const (takeMVar v)) [10 .. 14 :: Integer]
  print (M.toList (M.fromList (map (\r -> (r, length (show r))) rs)))
H
ghc -v0 -threaded -O a.hs -o a
./a
ghc -v0 -dynamic -e 'foldr (+) 0 [1..100]'
