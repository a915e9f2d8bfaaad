package org.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;
import org.testcontainers.utility.DockerImageName;

/** The mock in a container of its own, for the time of the tests. */
@Testcontainers
class DownloadTest {
  private static final String API = "/alfresco/api/-default-/public/alfresco/versions/1";
  private static final String REPORTS = "00000000-0000-4000-8000-000000000001";
  private static final String LOGIN =
      "Basic " + Base64.getEncoder().encodeToString("admin:admin".getBytes(StandardCharsets.UTF_8));

  private static final String IMAGE =
      Optional.ofNullable(System.getenv("DOWNLOADS_MOCK_IMAGE")).orElse("alfresco-downloads-mock");

  // The default also asks a shell in the container whether the port is open, and the image has no shell.
  @Container
  private static final GenericContainer<?> MOCK =
      new GenericContainer<>(DockerImageName.parse(IMAGE))
          .withExposedPorts(8080)
          .withEnv("ALFRESCO_MOCK_DOWNLOAD_START_DELAY", "0s")
          .waitingFor(Wait.forHttp(API + "/probes/-ready-").forPort(8080));

  private final HttpClient client = HttpClient.newHttpClient();

  @Test
  void aFolderIsDownloadedAsAZip() throws Exception {
    var body = BodyPublishers.ofString("{\"nodeIds\":[\"" + REPORTS + "\"]}");
    var created = client.send(to(API + "/downloads").POST(body).build(), BodyHandlers.ofString());
    assertEquals(202, created.statusCode());
    var id = Pattern.compile("\"id\":\"([^\"]+)\"").matcher(created.body());
    assertTrue(id.find());
    var wait = to("/__admin/wait?download=" + id.group(1) + "&isFinal=true&timeout=30s").build();
    assertTrue(client.send(wait, BodyHandlers.ofString()).body().contains("\"status\":\"DONE\""));
    var fetch = to(API + "/nodes/" + id.group(1) + "/content").build();
    var zip = client.send(fetch, BodyHandlers.ofByteArray()).body();
    assertEquals("PK", new String(zip, 0, 2, StandardCharsets.US_ASCII));
  }

  private HttpRequest.Builder to(String path) {
    var address = URI.create("http://" + MOCK.getHost() + ":" + MOCK.getMappedPort(8080) + path);
    return HttpRequest.newBuilder(address)
        .header("Authorization", LOGIN)
        .header("Content-Type", "application/json");
  }
}
