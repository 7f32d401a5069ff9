/* OpenSSL's C API on whole S/MIME messages: bytes in, bytes out, keys and certificates parsed before.
 *
 *   smime sign|encrypt-cbc|encrypt-gcm KEY CERTIFICATE MESSAGE MILLISECONDS
 *
 * Prints "OPERATIONS NANOSECONDS": how often it was done, and the CPU time of the process that it took. Compiled against the
 * headers of any OpenSSL 3; run under the loader of another one it measures that one. */
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void die(const char *what) {
    fprintf(stderr, "smime: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static long long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static unsigned char *read_all(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END)) die(path);
    *length = (size_t)ftell(file);
    rewind(file);
    unsigned char *data = malloc(*length + 1);
    if (!data || fread(data, 1, *length, file) != *length) die(path);
    fclose(file);
    return data;
}

static size_t sign(EVP_PKEY *key, X509 *certificate, const unsigned char *data, size_t length) {
    BIO *in = BIO_new_mem_buf(data, (int)length), *out = BIO_new(BIO_s_mem());
    int flags = CMS_DETACHED | CMS_STREAM;
    CMS_ContentInfo *cms = CMS_sign(certificate, key, NULL, in, flags);
    if (!cms || !SMIME_write_CMS(out, cms, in, flags)) die("sign");
    size_t written = BIO_ctrl_pending(out);
    CMS_ContentInfo_free(cms);
    BIO_free(in);
    BIO_free(out);
    return written;
}

static size_t encrypt(X509 *certificate, const EVP_CIPHER *cipher, const unsigned char *data, size_t length) {
    BIO *in = BIO_new_mem_buf(data, (int)length), *out = BIO_new(BIO_s_mem());
    STACK_OF(X509) *to = sk_X509_new_null();
    int flags = CMS_STREAM;
    if (!to || !sk_X509_push(to, certificate)) die("memory");
    CMS_ContentInfo *cms = CMS_encrypt(to, in, cipher, flags);
    if (!cms || !SMIME_write_CMS(out, cms, in, flags)) die("encrypt");
    size_t written = BIO_ctrl_pending(out);
    CMS_ContentInfo_free(cms);
    sk_X509_free(to);
    BIO_free(in);
    BIO_free(out);
    return written;
}

int main(int argc, char **argv) {
    if (argc != 6) die("usage: smime OPERATION KEY CERTIFICATE MESSAGE MILLISECONDS");
    BIO *file = BIO_new_file(argv[2], "r");
    EVP_PKEY *key = file ? PEM_read_bio_PrivateKey(file, NULL, NULL, NULL) : NULL;
    BIO_free(file);
    file = BIO_new_file(argv[3], "r");
    X509 *certificate = file ? PEM_read_bio_X509(file, NULL, NULL, NULL) : NULL;
    BIO_free(file);
    if (!key || !certificate) die("key or certificate");
    size_t length, written = 0;
    unsigned char *data = read_all(argv[4], &length);
    int signs = !strcmp(argv[1], "sign");
    const EVP_CIPHER *cipher = !strcmp(argv[1], "encrypt-gcm") ? EVP_aes_256_gcm() : EVP_aes_128_cbc();
    long long operations = -2, begin = now(), end = 0, budget = atoll(argv[5]) * 1000000LL;
    do {
        written = signs ? sign(key, certificate, data, length) : encrypt(certificate, cipher, data, length);
        /* The first two warm up. */
        if (++operations == 0) begin = now();
        end = now();
    } while (operations < 3 || end - begin < budget);
    if (written < length) die("too short an answer");
    printf("%lld %lld\n", operations, end - begin);
    return 0;
}
