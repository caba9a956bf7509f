// Runs a piece of a test on many threads, and fails with the error of any of them.

package dev.tidegate;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

final class Threads {
    private Threads() {}

    interface Piece {
        void run(int thread) throws Exception;
    }

    static void run(int count, Piece piece) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(count);
        try {
            List<Callable<Void>> pieces = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                int thread = i;
                pieces.add(() -> {
                    piece.run(thread);
                    return null;
                });
            }
            for (Future<Void> done : threads.invokeAll(pieces)) {
                done.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }
}
