package dev.faultline.postgres;

import java.io.Serializable;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows the sink's totals in Spark's metrics system: {@code spark.plugins=dev.faultline.postgres.SinkMetricsPlugin}. Each
 * executor has its own totals as gauges, for sinks that push. An executor has no web server that could be asked, so it also
 * sends them to the driver, which has the sum over all executors of the application, those that are gone included.
 */
public final class SinkMetricsPlugin implements SparkPlugin {
  private static final Logger LOG = LoggerFactory.getLogger(SinkMetricsPlugin.class);
  private static final long REPORT_EVERY_MS = 1_000;

  private record Report(String executor, SinkTotals totals) implements Serializable {
  }

  @Override
  public DriverPlugin driverPlugin() {
    return new Driver();
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new Executor();
  }

  private static final class Driver implements DriverPlugin {
    /** An executor that is gone keeps its last report, so that the sum never goes back. */
    private final Map<String, SinkTotals> byExecutor = new ConcurrentHashMap<>();

    @Override
    public Map<String, String> init(SparkContext spark, PluginContext context) {
      return Map.of();
    }

    @Override
    public void registerMetrics(String application, PluginContext context) {
      SinkMetrics.register(context.metricRegistry(), () -> byExecutor.values().stream().reduce(SinkTotals.NONE, SinkTotals::plus));
    }

    @Override
    public Object receive(Object message) {
      Report report = (Report) message;
      byExecutor.put(report.executor(), report.totals());
      return null;
    }
  }

  private static final class Executor implements ExecutorPlugin {
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
      Thread thread = new Thread(task, "faultline-sink-metrics");
      thread.setDaemon(true);
      return thread;
    });
    private PluginContext context;
    private SinkTotals sent = SinkTotals.NONE;

    @Override
    public void init(PluginContext context, Map<String, String> configuration) {
      this.context = context;
      // without a cluster, driver and executor share one JVM and one registry, and the driver's sum is all there is
      if (!"driver".equals(context.executorID())) {
        SinkMetrics.register(context.metricRegistry(), SinkMetrics::totals);
      }
      timer.scheduleWithFixedDelay(this::report, REPORT_EVERY_MS, REPORT_EVERY_MS, TimeUnit.MILLISECONDS);
    }

    private synchronized void report() {
      SinkTotals totals = SinkMetrics.totals();
      if (totals.equals(sent)) {
        return;
      }
      try {
        context.send(new Report(context.executorID(), totals));
        sent = totals;
      } catch (Exception e) {
        // metrics never disturb the stream; the next report has these totals, too
        LOG.debug("the sink's totals could not be sent to the driver", e);
      }
    }

    @Override
    public void shutdown() {
      timer.shutdownNow();
      report();
    }
  }
}
