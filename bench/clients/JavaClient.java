import com.sun.management.OperatingSystemMXBean;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.ZooKeeper;

/** {@code java JavaClient HOST:PORT}: ZooKeeper's own Java client, driven by the suite as workload.ts says. */
public final class JavaClient {
    private static final int KEYS = 1000;
    private static final int MULTI_SIZE = 50;

    private final ZooKeeper client;
    private final String[] keys = new String[KEYS];
    private final byte[] data = new byte[100];
    /** How the latest request that failed did; 0 when none has. */
    private final AtomicInteger failure = new AtomicInteger();

    private interface Issue {
        void start(int index);
    }

    private JavaClient(String connectString) throws Exception {
        CountDownLatch connected = new CountDownLatch(1);
        client = new ZooKeeper(connectString, 30_000, event -> connected.countDown());
        connected.await();
        for (int i = 0; i < KEYS; i++) keys[i] = "/bench/key-" + i;
        Arrays.fill(data, (byte) 'x');
    }

    public static void main(String[] args) throws Exception {
        JavaClient peer = new JavaClient(args[0]);
        System.out.println("ready");
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            String[] parts = line.split(" ");
            long durationMs = Long.parseLong(parts[1]);
            int window = Integer.parseInt(parts[2]);
            System.out.println(peer.run(parts[0], durationMs, window, parts[3]));
        }
        peer.client.close();
    }

    private String run(String operation, long durationMs, int window, String parent) throws Exception {
        Semaphore room = new Semaphore(window);
        Issue issue = issueOf(operation, parent, room);
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        failure.set(0);
        long cpu = system.getProcessCpuTime();
        long started = System.nanoTime();
        int count = 0;
        while (System.nanoTime() - started < durationMs * 1_000_000) {
            room.acquire();
            issue.start(count++);
        }
        room.acquire(window);
        double elapsedMs = (System.nanoTime() - started) / 1e6;
        double cpuMs = (system.getProcessCpuTime() - cpu) / 1e6;
        return failure.get() == 0 ? count + " " + elapsedMs + " " + cpuMs : "error " + failure.get();
    }

    private Issue issueOf(String operation, String parent, Semaphore room) {
        switch (operation) {
            case "get":
                return index -> client.getData(
                    keys[index % KEYS], false, (code, path, context, bytes, stat) -> done(code, room), null);
            case "set":
                return index -> client.setData(
                    keys[index % KEYS], data, -1, (code, path, context, stat) -> done(code, room), null);
            case "create":
                return index -> client.create(
                    parent + "/" + index, data, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT,
                    (code, path, context, name) -> done(code, room), null);
            default:
                return index -> client.multi(
                    updates(index), (code, path, context, results) -> done(code, room), null);
        }
    }

    private List<Op> updates(int index) {
        List<Op> ops = new ArrayList<>(MULTI_SIZE);
        for (int i = 0; i < MULTI_SIZE; i++) ops.add(Op.setData(keys[(index * MULTI_SIZE + i) % KEYS], data, -1));
        return ops;
    }

    private void done(int code, Semaphore room) {
        if (code != 0) failure.set(code);
        room.release();
    }
}
