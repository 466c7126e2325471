// A partner's back end in Java 17, with nothing but the JDK: it prints the address that the
// partner's app opens, AT and all. Suite A256.
//
//   java Partner.java
//
// It needs sig.private.pem and enc.private.pem, the private halves of the application's
// registered keys. In production take a JOSE library; this shows what one does.

import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.crypto.Cipher;
import javax.crypto.KeyAgreement;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

public class Partner {
    static final String GATEWAY = "https://gateway.bank.example"; // also the issuer
    static final String CLIENT = "app_test_example";
    static final String SERVICE = "urn:h5:example";
    static final String KEY_ID = "example-key-1"; // of the signature key

    public static void main(String[] args) throws Exception {
        Map<String, String> form = new LinkedHashMap<>();
        form.put("grant_type", "client_credentials");
        form.put("resource", SERVICE);
        form.put("subject", "user-7781"); // your own opaque id of whoever is going to open the page
        form.put("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        form.put("client_assertion", assertion());
        String body = form.entrySet().stream()
            .map(e -> e.getKey() + "=" + URLEncoder.encode(e.getValue(), StandardCharsets.UTF_8))
            .collect(Collectors.joining("&"));
        HttpResponse<String> response = HttpClient.newHttpClient().send(
            HttpRequest.newBuilder(URI.create(GATEWAY + "/oauth/token"))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(body)).build(),
            HttpResponse.BodyHandlers.ofString());
        String answer = response.body();
        if (response.statusCode() != 200) {
            System.err.println(member(answer, "error") + ": " + member(answer, "error_description") + " (" + member(answer, "request_id") + ")");
            System.exit(1);
        }
        // C: the app opens this address in a webView, at once and once. Do not log it.
        System.out.println(member(answer, "h5_url") + "#at=" + open(member(answer, "access_token")));
    }

    // The assertion says who asks (RFC 7523). It is good once, and for a minute.
    static String assertion() throws Exception {
        byte[] random = new byte[16];
        new SecureRandom().nextBytes(random);
        long now = Instant.now().getEpochSecond();
        String claims = String.format("{\"iss\":\"%s\",\"sub\":\"%s\",\"aud\":\"%s\",\"jti\":\"%s\",\"iat\":%d,\"exp\":%d}",
            CLIENT, CLIENT, GATEWAY, encode(random), now, now + 60);
        String signed = encode(("{\"alg\":\"ES256\",\"kid\":\"" + KEY_ID + "\"}").getBytes(StandardCharsets.UTF_8))
            + "." + encode(claims.getBytes(StandardCharsets.UTF_8));
        Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format"); // r and s, as RFC 7518 section 3.4 wants
        signature.initSign(privateKey("sig.private.pem"));
        signature.update(signed.getBytes(StandardCharsets.US_ASCII));
        return signed + "." + encode(signature.sign());
    }

    // The AT is sealed to the application's own encryption key, which the app never sees:
    // ECDH-ES+A256KW with A256GCM (RFC 7518 sections 4.6 and 5.3).
    static String open(String envelope) throws Exception {
        String[] parts = envelope.split("\\.", -1);
        String header = new String(decode(parts[0]), StandardCharsets.UTF_8);
        if (!member(header, "alg").equals("ECDH-ES+A256KW") || !member(header, "enc").equals("A256GCM")) {
            throw new IllegalStateException("sealed otherwise: " + header);
        }
        AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
        curve.init(new ECGenParameterSpec("secp256r1"));
        ECPoint point = new ECPoint(new java.math.BigInteger(1, decode(member(header, "x"))), new java.math.BigInteger(1, decode(member(header, "y"))));
        KeyAgreement agreement = KeyAgreement.getInstance("ECDH");
        agreement.init(privateKey("enc.private.pem"));
        agreement.doPhase(KeyFactory.getInstance("EC").generatePublic(new ECPublicKeySpec(point, curve.getParameterSpec(ECParameterSpec.class))), true);
        Cipher unwrap = Cipher.getInstance("AESWrap");
        unwrap.init(Cipher.UNWRAP_MODE, new SecretKeySpec(concatKDF(agreement.generateSecret(), "ECDH-ES+A256KW"), "AES"));
        Cipher content = Cipher.getInstance("AES/GCM/NoPadding");
        content.init(Cipher.DECRYPT_MODE, unwrap.unwrap(decode(parts[1]), "AES", Cipher.SECRET_KEY), new GCMParameterSpec(128, decode(parts[2])));
        content.updateAAD(parts[0].getBytes(StandardCharsets.US_ASCII));
        content.update(decode(parts[3]));
        return new String(content.doFinal(decode(parts[4])), StandardCharsets.US_ASCII);
    }

    // 256 bits by one round of the Concat KDF (RFC 7518 section 4.6.2), without party names.
    static byte[] concatKDF(byte[] secret, String algorithm) throws Exception {
        byte[] id = algorithm.getBytes(StandardCharsets.US_ASCII);
        MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
        sha256.update(ByteBuffer.allocate(4).putInt(1).array());
        sha256.update(secret);
        sha256.update(ByteBuffer.allocate(4).putInt(id.length).array());
        sha256.update(id);
        sha256.update(new byte[8]); // no PartyUInfo and PartyVInfo
        return Arrays.copyOf(sha256.digest(ByteBuffer.allocate(4).putInt(256).array()), 32);
    }

    static PrivateKey privateKey(String file) throws Exception {
        String pem = Files.readString(Path.of(file)).replaceAll("-----[^-]+-----", "").replaceAll("\\s", "");
        return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem)));
    }

    // A text member of JSON that has no escapes in it, which the gateway's answers have not.
    static String member(String json, String name) {
        Matcher m = Pattern.compile("\"" + name + "\"\\s*:\\s*\"([^\"]*)\"").matcher(json);
        return m.find() ? m.group(1) : "";
    }

    static String encode(byte[] octets) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(octets);
    }

    static byte[] decode(String text) {
        return Base64.getUrlDecoder().decode(text);
    }
}
