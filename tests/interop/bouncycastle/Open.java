import jakarta.mail.internet.ContentType;
import jakarta.mail.internet.MimeBodyPart;
import jakarta.mail.internet.MimeMultipart;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.CertPathBuilder;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaCertStoreBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cms.KeyTransRecipientInformation;
import org.bouncycastle.cms.Recipient;
import org.bouncycastle.cms.RecipientId;
import org.bouncycastle.cms.RecipientInformation;
import org.bouncycastle.cms.RecipientInformationStore;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.cms.jcajce.JceKeyAgreeAuthEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyAgreeEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyAgreeRecipientId;
import org.bouncycastle.cms.jcajce.JceKeyTransAuthEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyTransEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyTransRecipientId;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.mail.smime.SMIMEAuthEnveloped;
import org.bouncycastle.mail.smime.SMIMEEnveloped;
import org.bouncycastle.mail.smime.SMIMESigned;
import org.bouncycastle.mail.smime.SMIMEUtil;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;

/**
 * Opens many mails in one start of the JVM, all layers of each: a job is a line of tab-separated key=value on standard
 * input; what lies inside goes to the file that it names. One line of answer each: "ok" and the layers, or the refusal.
 */
public final class Open {
    private record Person(PrivateKey key, X509Certificate certificate) {}

    private static final Map<String, Person> PEOPLE = new HashMap<>();
    private static final int DEEPEST = 5;

    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            var job = new HashMap<String, String>();
            for (String pair : line.split("\t")) {
                int equals = pair.indexOf('=');
                job.put(pair.substring(0, equals), pair.substring(equals + 1));
            }
            String answer;
            try {
                answer = "ok\t" + String.join(",", open(job));
            } catch (Throwable error) {
                String said = error.getClass().getSimpleName() + ": " + error.getMessage();
                answer = "refused\t" + said.replace('\n', ' ').replace('\t', ' ');
            }
            System.out.println(job.get("id") + "\t" + answer);
        }
    }

    private static List<String> open(Map<String, String> job) throws Exception {
        var part = new MimeBodyPart(new ByteArrayInputStream(Files.readAllBytes(Path.of(job.get("in")))));
        var layers = new ArrayList<String>();
        while (layers.size() < DEEPEST) {
            var type = new ContentType(part.getContentType());
            String kind = String.valueOf(type.getParameter("smime-type")).toLowerCase();
            if (type.match("multipart/signed")) {
                part = verified(new SMIMESigned((MimeMultipart) part.getContent()), job);
                layers.add("signed");
            } else if (!type.match("application/pkcs7-mime")) {
                break;
            } else if (kind.equals("signed-data")) {
                part = verified(new SMIMESigned(part), job);
                layers.add("signed");
            } else {
                boolean sealed = kind.equals("authenveloped-data");
                var recipients = sealed ? new SMIMEAuthEnveloped(part).getRecipientInfos()
                        : new SMIMEEnveloped(part).getRecipientInfos();
                part = decrypted(recipients, person(job.get("key")), sealed);
                layers.add("encrypted");
            }
        }
        var out = new ByteArrayOutputStream();
        part.writeTo(out);
        Files.write(Path.of(job.get("out")), out.toByteArray());
        return layers;
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

    /** The content, once every signature is good and every signer's chain leads to the root. */
    @SuppressWarnings("unchecked")
    private static MimeBodyPart verified(SMIMESigned signed, Map<String, String> job) throws Exception {
        var signers = signed.getSignerInfos().getSigners();
        if (signers.isEmpty()) {
            throw new SecurityException("no signer");
        }
        for (SignerInformation signer : signers) {
            var found = signed.getCertificates().getMatches(signer.getSID());
            if (found.isEmpty()) {
                throw new SecurityException("no certificate of the signer");
            }
            var certificate = new JcaX509CertificateConverter().setProvider("BC")
                    .getCertificate((X509CertificateHolder) found.iterator().next());
            if (!signer.verify(new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(certificate))) {
                throw new SecurityException("the signature is not good");
            }
            var wanted = new X509CertSelector();
            wanted.setCertificate(certificate);
            var anchor = new TrustAnchor(person(job.get("root")).certificate(), null);
            var parameters = new PKIXBuilderParameters(Set.of(anchor), wanted);
            parameters.setRevocationEnabled(false);
            var store = new JcaCertStoreBuilder().setProvider("BC").addCertificates(signed.getCertificates());
            parameters.addCertStore(store.build());
            CertPathBuilder.getInstance("PKIX", "BC").build(parameters);
        }
        return signed.getContent();
    }

    private static MimeBodyPart decrypted(RecipientInformationStore store, Person who, boolean sealed)
            throws Exception {
        boolean agrees = !who.key().getAlgorithm().equals("RSA");
        RecipientId wanted = agrees ? new JceKeyAgreeRecipientId(who.certificate())
                : new JceKeyTransRecipientId(who.certificate());
        RecipientInformation information = store.get(wanted);
        if (information == null) {
            throw new SecurityException("not a recipient");
        }
        return SMIMEUtil.toMimeBodyPart(information.getContent(recipient(information, who.key(), sealed)));
    }

    private static Recipient recipient(RecipientInformation information, PrivateKey key, boolean sealed) {
        if (information instanceof KeyTransRecipientInformation) {
            return sealed ? new JceKeyTransAuthEnvelopedRecipient(key).setProvider("BC")
                    : new JceKeyTransEnvelopedRecipient(key).setProvider("BC");
        }
        return sealed ? new JceKeyAgreeAuthEnvelopedRecipient(key).setProvider("BC")
                : new JceKeyAgreeEnvelopedRecipient(key).setProvider("BC");
    }
}
