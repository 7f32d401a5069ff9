import jakarta.mail.internet.MimeBodyPart;
import jakarta.mail.internet.MimeMultipart;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileReader;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.spec.MGF1ParameterSpec;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cms.CMSAuthEnvelopedDataGenerator;
import org.bouncycastle.cms.CMSAuthEnvelopedDataStreamGenerator;
import org.bouncycastle.cms.CMSAuthenticatedDataGenerator;
import org.bouncycastle.cms.CMSCompressedDataGenerator;
import org.bouncycastle.cms.CMSCompressedDataStreamGenerator;
import org.bouncycastle.cms.CMSEncryptedDataGenerator;
import org.bouncycastle.cms.CMSEnvelopedDataGenerator;
import org.bouncycastle.cms.CMSEnvelopedDataStreamGenerator;
import org.bouncycastle.cms.CMSEnvelopedGenerator;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.CMSSignedDataStreamGenerator;
import org.bouncycastle.cms.PasswordRecipient;
import org.bouncycastle.cms.RecipientInfoGenerator;
import org.bouncycastle.cms.SignerInfoGenerator;
import org.bouncycastle.cms.jcajce.JcaSignerInfoGeneratorBuilder;
import org.bouncycastle.cms.jcajce.JceCMSContentEncryptorBuilder;
import org.bouncycastle.cms.jcajce.JceCMSMacCalculatorBuilder;
import org.bouncycastle.cms.jcajce.JceKEKRecipientInfoGenerator;
import org.bouncycastle.cms.jcajce.JceKEMRecipientInfoGenerator;
import org.bouncycastle.cms.jcajce.JceKeyAgreeRecipientInfoGenerator;
import org.bouncycastle.cms.jcajce.JceKeyTransRecipientInfoGenerator;
import org.bouncycastle.cms.jcajce.JcePasswordRecipientInfoGenerator;
import org.bouncycastle.cms.jcajce.ZlibCompressor;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.mail.smime.SMIMECompressedGenerator;
import org.bouncycastle.mail.smime.SMIMEEnvelopedGenerator;
import org.bouncycastle.mail.smime.SMIMESignedGenerator;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OutputAEADEncryptor;
import org.bouncycastle.operator.OutputEncryptor;
import org.bouncycastle.operator.jcajce.JcaAlgorithmParametersConverter;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

/**
 * Makes many messages in one start of the JVM: a job is a line of tab-separated key=value on standard input, its
 * result goes to the file that it names; one line of answer each.
 */
public final class Smime {
    private record Person(PrivateKey key, X509Certificate certificate) {}

    private static final Map<String, Person> PEOPLE = new HashMap<>();

    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            var job = new HashMap<String, String>();
            for (String pair : line.split("\t")) {
                int equals = pair.indexOf('=');
                job.put(pair.substring(0, equals), pair.substring(equals + 1));
            }
            String answer = "ok";
            try {
                Files.write(Path.of(job.get("out")), make(job));
            } catch (Throwable error) {
                answer = words(error);
            }
            System.out.println(job.get("id") + "\t" + answer);
        }
    }

    private static String words(Throwable error) {
        String said = error.getClass().getSimpleName() + ": " + error.getMessage();
        return said.replace('\n', ' ').replace('\t', ' ');
    }

    private static byte[] make(Map<String, String> job) throws Exception {
        byte[] content = Files.readAllBytes(Path.of(job.get("in")));
        return switch (job.get("operation")) {
            case "sign" -> sign(job, content);
            case "encrypt" -> encrypt(job, content);
            case "compress" -> compress(job, content);
            case "encrypted-data" -> new CMSEncryptedDataGenerator()
                    .generate(new CMSProcessableByteArray(content), encryptor(job)).toASN1Structure()
                    .getEncoded("DER");
            case "authenticated-data" -> authenticate(job, content);
            default -> throw new IllegalArgumentException(job.get("operation"));
        };
    }

    private static byte[] der(byte[] ber) throws Exception {
        return ASN1Primitive.fromByteArray(ber).getEncoded("DER");
    }

    private static Person person(String path) throws Exception {
        Person known = PEOPLE.get(path);
        if (known != null) {
            return known;
        }
        PrivateKey key = null;
        X509Certificate certificate = null;
        try (var parser = new PEMParser(new FileReader(path))) {
            for (Object one = parser.readObject(); one != null; one = parser.readObject()) {
                if (one instanceof PrivateKeyInfo info) {
                    key = new JcaPEMKeyConverter().setProvider("BC").getPrivateKey(info);
                } else if (one instanceof X509CertificateHolder holder) {
                    certificate = new JcaX509CertificateConverter().setProvider("BC").getCertificate(holder);
                }
            }
        }
        var read = new Person(key, certificate);
        PEOPLE.put(path, read);
        return read;
    }

    // --- signing

    private static SignerInfoGenerator signer(Map<String, String> job, Person who, String algorithm) throws Exception {
        ContentSigner signer = new JcaContentSignerBuilder(algorithm).setProvider("BC").build(who.key());
        var builder = new JcaSignerInfoGeneratorBuilder(
                new JcaDigestCalculatorProviderBuilder().setProvider("BC").build());
        builder.setDirectSignature(job.containsKey("direct"));
        if (job.containsKey("identifier")) {
            var holder = new X509CertificateHolder(who.certificate().getEncoded());
            var extension = SubjectKeyIdentifier.fromExtensions(holder.getExtensions());
            return builder.build(signer, extension.getKeyIdentifier());
        }
        return builder.build(signer, who.certificate());
    }

    private static byte[] sign(Map<String, String> job, byte[] content) throws Exception {
        Person who = person(job.get("key"));
        SignerInfoGenerator signer = signer(job, who, job.get("algorithm"));
        var certificates = new JcaCertStore(List.of(who.certificate()));
        String form = job.get("form");
        if (form.startsWith("mail")) {
            var generator = new SMIMESignedGenerator("binary");
            generator.addSignerInfoGenerator(signer);
            generator.addCertificates(certificates);
            var part = new MimeBodyPart(new ByteArrayInputStream(content));
            return form.equals("mail clear") ? written(generator.generate(part))
                    : written(generator.generateEncapsulated(part));
        }
        if (form.equals("BER stream")) {
            var generator = new CMSSignedDataStreamGenerator();
            generator.addSignerInfoGenerator(signer);
            generator.addCertificates(certificates);
            generator.setBufferSize(20);
            var out = new ByteArrayOutputStream();
            try (OutputStream stream = generator.open(out, true)) {
                stream.write(content);
            }
            return out.toByteArray();
        }
        var generator = new CMSSignedDataGenerator();
        generator.addSignerInfoGenerator(signer);
        generator.addCertificates(certificates);
        if (job.containsKey("second")) {
            Person other = person(job.get("second"));
            generator.addSignerInfoGenerator(signer(job, other, job.get("second algorithm")));
            generator.addCertificates(new JcaCertStore(List.of(other.certificate())));
        }
        var made = generator.generate(new CMSProcessableByteArray(content), !form.equals("DER detached"));
        return form.equals("BER") ? made.getEncoded() : made.getEncoded("DER");
    }

    private static byte[] written(MimeBodyPart part) throws Exception {
        var out = new ByteArrayOutputStream();
        part.writeTo(out);
        return out.toByteArray();
    }

    private static byte[] written(MimeMultipart parts) throws Exception {
        var body = new ByteArrayOutputStream();
        parts.writeTo(body);
        var out = new ByteArrayOutputStream();
        out.write(("Content-Type: " + parts.getContentType() + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
        body.writeTo(out);
        return out.toByteArray();
    }

    // --- encryption

    private static OutputEncryptor encryptor(Map<String, String> job) throws Exception {
        var cipher = new ASN1ObjectIdentifier(job.get("cipher"));
        var builder = job.containsKey("bits")
                ? new JceCMSContentEncryptorBuilder(cipher, Integer.parseInt(job.get("bits")))
                : new JceCMSContentEncryptorBuilder(cipher);
        builder.setProvider("BC");
        String secret = job.get("secret");
        return secret == null ? builder.build() : builder.build(HexFormat.of().parseHex(secret));
    }

    private static AlgorithmIdentifier oaep(String digest, String mask, String label) throws Exception {
        PSource source = label == null ? PSource.PSpecified.DEFAULT : new PSource.PSpecified(label.getBytes());
        var parameters = new OAEPParameterSpec(digest, "MGF1", new MGF1ParameterSpec(mask), source);
        return new JcaAlgorithmParametersConverter().getAlgorithmIdentifier(
                PKCSObjectIdentifiers.id_RSAES_OAEP, parameters);
    }

    private static RecipientInfoGenerator agreement(Map<String, String> job, X509Certificate to) throws Exception {
        var scheme = new ASN1ObjectIdentifier(job.get("scheme"));
        var wrap = new ASN1ObjectIdentifier(job.get("wrap"));
        KeyPairGenerator keys;
        if (to.getPublicKey() instanceof ECPublicKey point) {
            keys = KeyPairGenerator.getInstance("EC", "BC");
            keys.initialize(point.getParams());
        } else {
            keys = KeyPairGenerator.getInstance(to.getPublicKey().getAlgorithm(), "BC");
        }
        KeyPair own = keys.generateKeyPair();
        var made = new JceKeyAgreeRecipientInfoGenerator(scheme, own.getPrivate(), own.getPublic(), wrap);
        if (job.containsKey("ukm")) {
            made.setUserKeyingMaterial(HexFormat.of().parseHex(job.get("ukm")));
        }
        return made.addRecipient(to).setProvider("BC");
    }

    private static RecipientInfoGenerator recipient(Map<String, String> job) throws Exception {
        if (job.containsKey("password")) {
            var prf = (PasswordRecipient.PRF) PasswordRecipient.PRF.class.getField(job.get("prf")).get(null);
            return new JcePasswordRecipientInfoGenerator(
                    new ASN1ObjectIdentifier(job.get("wrap")), job.get("password").toCharArray())
                    .setProvider("BC").setPRF(prf);
        }
        if (job.containsKey("kek")) {
            var hex = HexFormat.of();
            return new JceKEKRecipientInfoGenerator(hex.parseHex(job.get("kek identifier")),
                    new SecretKeySpec(hex.parseHex(job.get("kek")), "AES")).setProvider("BC");
        }
        X509Certificate to = person(job.get("key")).certificate();
        if (job.containsKey("kem")) {
            return new JceKEMRecipientInfoGenerator(to, new ASN1ObjectIdentifier(job.get("wrap")))
                    .setKDF(new AlgorithmIdentifier(new ASN1ObjectIdentifier(job.get("kem")))).setProvider("BC");
        }
        if (job.containsKey("scheme")) {
            return agreement(job, to);
        }
        if (job.containsKey("oaep")) {
            var algorithm = oaep(job.get("oaep"), job.getOrDefault("mask", job.get("oaep")), job.get("label"));
            return new JceKeyTransRecipientInfoGenerator(to, algorithm).setProvider("BC");
        }
        return new JceKeyTransRecipientInfoGenerator(to).setProvider("BC");
    }

    private static byte[] encrypt(Map<String, String> job, byte[] content) throws Exception {
        OutputEncryptor encryptor = encryptor(job);
        String form = job.get("form");
        if (form.equals("mail")) {
            var generator = new SMIMEEnvelopedGenerator();
            generator.addRecipientInfoGenerator(recipient(job));
            return written(generator.generate(new MimeBodyPart(new ByteArrayInputStream(content)), encryptor));
        }
        boolean sealed = encryptor instanceof OutputAEADEncryptor;
        if (form.equals("BER stream")) {
            CMSEnvelopedGenerator generator = sealed
                    ? new CMSAuthEnvelopedDataStreamGenerator() : new CMSEnvelopedDataStreamGenerator();
            generator.addRecipientInfoGenerator(recipient(job));
            var out = new ByteArrayOutputStream();
            try (OutputStream stream = sealed
                    ? ((CMSAuthEnvelopedDataStreamGenerator) generator).open(out, (OutputAEADEncryptor) encryptor)
                    : ((CMSEnvelopedDataStreamGenerator) generator).open(out, encryptor)) {
                stream.write(content);
            }
            return out.toByteArray();
        }
        var data = new CMSProcessableByteArray(content);
        if (sealed) {
            var generator = new CMSAuthEnvelopedDataGenerator();
            generator.addRecipientInfoGenerator(recipient(job));
            return der(generator.generate(data, (OutputAEADEncryptor) encryptor).getEncoded());
        }
        var generator = new CMSEnvelopedDataGenerator();
        generator.addRecipientInfoGenerator(recipient(job));
        return der(generator.generate(data, encryptor).getEncoded());
    }

    private static byte[] compress(Map<String, String> job, byte[] content) throws Exception {
        switch (job.get("form")) {
            case "mail":
                return written(new SMIMECompressedGenerator().generate(
                        new MimeBodyPart(new ByteArrayInputStream(content)), new ZlibCompressor()));
            case "BER stream":
                var out = new ByteArrayOutputStream();
                try (OutputStream stream = new CMSCompressedDataStreamGenerator().open(out, new ZlibCompressor())) {
                    stream.write(content);
                }
                return out.toByteArray();
            default:
                return new CMSCompressedDataGenerator()
                        .generate(new CMSProcessableByteArray(content), new ZlibCompressor()).getEncoded();
        }
    }

    private static byte[] authenticate(Map<String, String> job, byte[] content) throws Exception {
        var generator = new CMSAuthenticatedDataGenerator();
        generator.addRecipientInfoGenerator(recipient(job));
        var mac = new JceCMSMacCalculatorBuilder(new ASN1ObjectIdentifier(job.get("mac"))).setProvider("BC").build();
        return der(generator.generate(new CMSProcessableByteArray(content), mac).getEncoded());
    }
}
